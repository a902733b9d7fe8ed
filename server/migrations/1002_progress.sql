-- How far each learner has come. What a lesson no longer has stays here and does no harm.

CREATE TABLE progress_lessons (
    learner TEXT NOT NULL,
    lesson TEXT NOT NULL,
    -- The step the learner looked at last.
    current_step TEXT NOT NULL,
    visited_at BIGINT NOT NULL,
    PRIMARY KEY (learner, lesson)
);

CREATE TABLE progress_steps (
    learner TEXT NOT NULL,
    lesson TEXT NOT NULL,
    step TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    -- 0 = not yet; once passed, a step stays passed.
    passed_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    -- How many have been revealed.
    hints BIGINT NOT NULL,
    -- 1 once shown.
    solution BIGINT NOT NULL,
    PRIMARY KEY (learner, lesson, step)
);

CREATE TABLE progress_checks (
    learner TEXT NOT NULL,
    lesson TEXT NOT NULL,
    step TEXT NOT NULL,
    check_id TEXT NOT NULL,
    -- 1 where it stands as passed now.
    passed BIGINT NOT NULL,
    -- 1 where it had been passed and isn't any more.
    undone BIGINT NOT NULL,
    -- When it was passed for the first time; 0 = never.
    passed_at BIGINT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (learner, lesson, step, check_id)
);

CREATE TABLE progress_answers (
    learner TEXT NOT NULL,
    lesson TEXT NOT NULL,
    step TEXT NOT NULL,
    question TEXT NOT NULL,
    answer TEXT NOT NULL,
    -- 1 = right.
    is_right BIGINT NOT NULL,
    feedback TEXT NOT NULL,
    answered_at BIGINT NOT NULL,
    PRIMARY KEY (learner, lesson, step, question)
);
