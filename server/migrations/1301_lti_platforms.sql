-- Learning platforms from which learners and teachers come (LTI 1.3). Only TEXT and BIGINT; times are unix milliseconds.

-- The key with which Lunchbox signs what it asks of platforms: one, made when it is first needed.
CREATE TABLE lti_keys (
    -- signing
    name TEXT NOT NULL PRIMARY KEY,
    -- By which platforms know it.
    kid TEXT NOT NULL,
    -- A secret: PKCS#8, base64.
    private TEXT NOT NULL,
    made_at BIGINT NOT NULL
);

CREATE TABLE lti_platforms (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    issuer TEXT NOT NULL,
    -- Who Lunchbox is there.
    client_id TEXT NOT NULL,
    authorize_url TEXT NOT NULL,
    token_url TEXT NOT NULL,
    keys_url TEXT NOT NULL,
    -- Where grades and members are asked, where that is another host; empty: it isn't.
    services_url TEXT NOT NULL,
    -- What went wrong last, for admins; empty: nothing since it last went well.
    problem TEXT NOT NULL,
    problem_at BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    UNIQUE (issuer, client_id)
);

CREATE TABLE lti_deployments (
    platform TEXT NOT NULL,
    deployment TEXT NOT NULL,
    PRIMARY KEY (platform, deployment)
);
