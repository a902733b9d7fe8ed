-- Who comes from learning platforms, and where to (LTI 1.3).

-- Launches that have begun and are waited for.
CREATE TABLE lti_logins (
    -- SHA-256, as the other two secrets.
    state TEXT NOT NULL PRIMARY KEY,
    browser TEXT NOT NULL,
    nonce TEXT NOT NULL,
    platform TEXT NOT NULL,
    -- With what the platform began it: to begin anew where the browser kept no cookie. JSON.
    began_with TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX lti_logins_by_end ON lti_logins (expires_at);

-- A link in a course.
CREATE TABLE lti_links (
    id TEXT NOT NULL PRIMARY KEY,
    platform TEXT NOT NULL,
    deployment TEXT NOT NULL,
    -- The course; empty: the platform does not say.
    context TEXT NOT NULL,
    resource TEXT NOT NULL,
    -- As people call them.
    course TEXT NOT NULL,
    title TEXT NOT NULL,
    -- Empty: no teacher has chosen yet.
    class TEXT NOT NULL,
    -- Where grades go, and who is in the course; empty: the platform does not say, or does not let us.
    grades_url TEXT NOT NULL,
    members_url TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    UNIQUE (platform, deployment, context, resource)
);

CREATE INDEX lti_links_by_class ON lti_links (class);

-- Who a platform's people are here.
CREATE TABLE lti_users (
    platform TEXT NOT NULL,
    -- What the platform calls them by.
    sub TEXT NOT NULL,
    -- NULL: never learned, or never taught.
    learner TEXT,
    instructor TEXT,
    PRIMARY KEY (platform, sub)
);

CREATE INDEX lti_users_by_learner ON lti_users (learner);
CREATE INDEX lti_users_by_instructor ON lti_users (instructor);

-- Whose a place is.
CREATE TABLE lti_places (
    place TEXT NOT NULL PRIMARY KEY,
    class TEXT NOT NULL,
    platform TEXT NOT NULL,
    sub TEXT NOT NULL,
    UNIQUE (class, platform, sub)
);

-- Classes that are shared with somebody because they teach the course that leads there.
CREATE TABLE lti_grants (
    class TEXT NOT NULL,
    platform TEXT NOT NULL,
    sub TEXT NOT NULL,
    instructor TEXT NOT NULL,
    PRIMARY KEY (class, platform, sub)
);

-- Launches that were found good, until whoever came is where they were going.
CREATE TABLE lti_arrivals (
    -- SHA-256, as the browser's.
    ticket TEXT NOT NULL PRIMARY KEY,
    browser TEXT NOT NULL,
    platform TEXT NOT NULL,
    link TEXT NOT NULL,
    sub TEXT NOT NULL,
    name TEXT NOT NULL,
    -- 1: teaches the course.
    teaches BIGINT NOT NULL,
    -- A path here; empty: the class.
    target TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX lti_arrivals_by_end ON lti_arrivals (expires_at);
