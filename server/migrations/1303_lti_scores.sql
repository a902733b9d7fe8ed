-- Grades on their way to learning platforms (LTI Assignment and Grade Services 2.0): one a learner a link, the newest.
CREATE TABLE lti_scores (
    link TEXT NOT NULL,
    platform TEXT NOT NULL,
    sub TEXT NOT NULL,
    -- Steps passed, of so many.
    given BIGINT NOT NULL,
    total BIGINT NOT NULL,
    -- When it is to be sent; 0: it has been, or is given up.
    due_at BIGINT NOT NULL,
    -- How often it went wrong.
    tries BIGINT NOT NULL,
    -- What went wrong last, for the teacher; empty: nothing.
    problem TEXT NOT NULL,
    PRIMARY KEY (link, sub)
);

CREATE INDEX lti_scores_due ON lti_scores (due_at);
