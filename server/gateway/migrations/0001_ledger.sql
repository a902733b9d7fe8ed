-- What belongs to whom on the engine. Only TEXT and BIGINT, so that SQLite and PostgreSQL read the
-- same file. Times are unix milliseconds.

CREATE TABLE gateway_sandboxes (
    id TEXT PRIMARY KEY,
    -- open | closing
    state TEXT NOT NULL,
    opened_at BIGINT NOT NULL
);

CREATE TABLE gateway_networks (
    sandbox TEXT NOT NULL,
    -- The learner's name; the sandbox's default network is `bridge`.
    name TEXT NOT NULL,
    engine_id TEXT NOT NULL UNIQUE,
    -- Index of the network's addresses in the pool.
    slot BIGINT NOT NULL UNIQUE,
    -- JSON: labels, options and IPAM as the learner asked for them.
    asked TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (sandbox, name)
);

CREATE TABLE gateway_volumes (
    sandbox TEXT NOT NULL,
    name TEXT NOT NULL,
    engine_name TEXT NOT NULL UNIQUE,
    -- 1 where the engine or the gateway made up the name.
    anonymous BIGINT NOT NULL,
    labels TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (sandbox, name)
);

CREATE TABLE gateway_containers (
    engine_id TEXT PRIMARY KEY,
    sandbox TEXT NOT NULL,
    name TEXT NOT NULL,
    -- As the learner named it, and what it was then.
    image TEXT NOT NULL,
    image_id TEXT NOT NULL,
    -- JSON: the create request as the learner asked for it (typed, see model::container).
    asked TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- How long the last start took, in milliseconds; 0 before the first.
    start_ms BIGINT NOT NULL,
    UNIQUE (sandbox, name)
);

-- Ports of running containers: who has which on the sandbox's host.
CREATE TABLE gateway_ports (
    sandbox TEXT NOT NULL,
    protocol TEXT NOT NULL,
    host_port BIGINT NOT NULL,
    host_ip TEXT NOT NULL,
    container TEXT NOT NULL,
    container_port BIGINT NOT NULL,
    PRIMARY KEY (sandbox, protocol, host_port)
);

CREATE TABLE gateway_execs (
    id TEXT PRIMARY KEY,
    sandbox TEXT NOT NULL,
    container TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Images on the sandbox's host.
CREATE TABLE gateway_images (
    sandbox TEXT NOT NULL,
    image_id TEXT NOT NULL,
    -- pulled | built | committed | loaded
    origin TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (sandbox, image_id)
);

-- Their names, in the short form that `docker images` shows: nginx:latest.
CREATE TABLE gateway_image_references (
    sandbox TEXT NOT NULL,
    reference TEXT NOT NULL,
    image_id TEXT NOT NULL,
    PRIMARY KEY (sandbox, reference)
);

-- Their digests: nginx@sha256:…
CREATE TABLE gateway_image_digests (
    sandbox TEXT NOT NULL,
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    image_id TEXT NOT NULL,
    PRIMARY KEY (sandbox, repository, digest)
);

-- What the sandbox pushed into its corner of the registry.
CREATE TABLE gateway_pushed (
    sandbox TEXT NOT NULL,
    reference TEXT NOT NULL,
    digest TEXT NOT NULL,
    pushed_at BIGINT NOT NULL,
    PRIMARY KEY (sandbox, reference)
);

CREATE TABLE gateway_activity (
    sandbox TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- JSON of ActivityKind.
    kind TEXT NOT NULL,
    PRIMARY KEY (sandbox, seq)
);

CREATE INDEX gateway_containers_sandbox ON gateway_containers (sandbox);
CREATE INDEX gateway_execs_sandbox ON gateway_execs (sandbox);
