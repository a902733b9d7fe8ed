-- Which sandbox is whose. A row is there from before the sandbox is made until after it is removed,
-- so that nothing is forgotten by a server that is killed.
CREATE TABLE learner_sandboxes (
    id TEXT NOT NULL PRIMARY KEY,
    -- NULL: nobody's, or nobody's any more.
    learner TEXT UNIQUE,
    -- making | warm | ready | removing
    state TEXT NOT NULL,
    -- Secret part of its previews' addresses.
    token TEXT NOT NULL UNIQUE,
    -- Unix milliseconds.
    made_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL
);

CREATE INDEX learner_sandboxes_by_state ON learner_sandboxes (state, made_at);

-- Learners whose sandbox was removed because it stood idle, until they start another.
CREATE TABLE idle_removals (
    learner TEXT NOT NULL PRIMARY KEY,
    removed_at BIGINT NOT NULL
);
