-- What a sandbox's builds have done before, so that they needn't do it again. Never another's.

CREATE TABLE gateway_build_steps (
    sandbox TEXT NOT NULL,
    -- Digest of all that the step's outcome depends on.
    key TEXT NOT NULL,
    -- The image without a name that holds the layer; empty where the step made none.
    holder TEXT NOT NULL,
    diff_id TEXT NOT NULL,
    -- When it was done, in RFC 3339, as the image tells it.
    made_at TEXT NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (sandbox, key)
);
