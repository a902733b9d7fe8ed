-- When an instructor typed in a learner's terminal, with their leave. Nobody's name is kept: what was done meanwhile
-- was done with help, and more is nobody's to know.
CREATE TABLE assists (
    id TEXT NOT NULL PRIMARY KEY,
    learner TEXT NOT NULL,
    -- Unix milliseconds: the first key, and the end of the leave; 0: it lasts.
    began_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX assists_learner ON assists (learner);
