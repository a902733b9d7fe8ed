-- Instructors, classes and who is in them. Only TEXT and BIGINT; times are unix milliseconds.

CREATE TABLE instructors (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- The name as it is compared: in small letters.
    name_key TEXT NOT NULL UNIQUE,
    -- Argon2id, as a PHC string.
    password TEXT NOT NULL,
    is_admin BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    -- Sessions that are older are over.
    signed_out_at BIGINT NOT NULL
);

-- One-time links, by the SHA-256 of their secret.
CREATE TABLE invitations (
    token TEXT NOT NULL PRIMARY KEY,
    -- first | instructor | password
    kind TEXT NOT NULL,
    -- Whose password is set anew; empty where an account is made.
    instructor TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE classes (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    -- What learners type to come in.
    code TEXT NOT NULL UNIQUE,
    -- free | led
    pace TEXT NOT NULL,
    -- Where a led class is; empty: not yet anywhere.
    led_lesson TEXT NOT NULL,
    led_step TEXT NOT NULL,
    -- 0: at once.
    opens_at BIGINT NOT NULL,
    -- 0: never.
    closes_at BIGINT NOT NULL,
    made_at BIGINT NOT NULL
);

CREATE INDEX classes_by_owner ON classes (owner);

CREATE TABLE class_lessons (
    class TEXT NOT NULL,
    lesson TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (class, lesson)
);

-- With whom a class is shared.
CREATE TABLE class_instructors (
    class TEXT NOT NULL,
    instructor TEXT NOT NULL,
    PRIMARY KEY (class, instructor)
);

-- Places in classes.
CREATE TABLE enrolments (
    id TEXT NOT NULL PRIMARY KEY,
    class TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The name as it is compared: in small letters.
    name_key TEXT NOT NULL,
    -- NULL: on the roster, and not here yet.
    learner TEXT,
    -- SHA-256 of the personal code; NULL: none was given out.
    way_back TEXT UNIQUE,
    made_at BIGINT NOT NULL,
    -- 0: not yet.
    joined_at BIGINT NOT NULL,
    -- Since when the hand is up; 0: it isn't.
    hand_at BIGINT NOT NULL,
    UNIQUE (class, name_key),
    UNIQUE (class, learner)
);

CREATE INDEX enrolments_by_learner ON enrolments (learner);

-- What instructors wrote.
CREATE TABLE notes (
    id TEXT NOT NULL PRIMARY KEY,
    class TEXT NOT NULL,
    -- Empty: to all.
    enrolment TEXT NOT NULL,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    sent_at BIGINT NOT NULL
);

CREATE INDEX notes_by_class ON notes (class, sent_at);

CREATE TABLE notes_put_away (
    enrolment TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (enrolment, note)
);

CREATE TABLE certificates (
    -- A secret: who has it can look.
    id TEXT NOT NULL PRIMARY KEY,
    learner TEXT NOT NULL,
    lesson TEXT NOT NULL,
    name TEXT NOT NULL,
    -- As they were when it was given: JSON {title, steps}.
    passed TEXT NOT NULL,
    passed_at BIGINT NOT NULL,
    issued_at BIGINT NOT NULL,
    UNIQUE (learner, lesson)
);

-- What moved a learner's progress, in order.
CREATE TABLE progress_events (
    -- Rises with the time: hexadecimal milliseconds, then chance.
    id TEXT NOT NULL PRIMARY KEY,
    learner TEXT NOT NULL,
    lesson TEXT NOT NULL,
    step TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- visited | tried | right | wrong | hint | solution | passed
    kind TEXT NOT NULL,
    -- What the learner was told: of a try, what the first check that failed said.
    detail TEXT NOT NULL
);

CREATE INDEX progress_events_by_learner ON progress_events (learner, lesson, id);
