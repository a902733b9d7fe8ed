-- Web sessions that hold something. A learner's holds nothing: their ID follows from the session's own.
CREATE TABLE web_sessions (
    -- SHA-256 of the session's ID, in hex: who reads the database can be nobody.
    id TEXT PRIMARY KEY,
    -- JSON.
    data TEXT NOT NULL,
    -- Unix milliseconds.
    expires_at BIGINT NOT NULL
);
