-- People, and what was settled at the first start. Only TEXT and BIGINT, so that SQLite and
-- PostgreSQL read the same file. Times are unix milliseconds.

CREATE TABLE learners (
    id TEXT NOT NULL PRIMARY KEY,
    made_at BIGINT NOT NULL
);

-- `instance`: how this Lunchbox labels its things on the engine.
CREATE TABLE facts (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
