-- Since when a sandbox is its learner's, in unix milliseconds; 0: it is nobody's. One that was kept warm is older than that.
ALTER TABLE learner_sandboxes ADD COLUMN given_at BIGINT NOT NULL DEFAULT 0;
UPDATE learner_sandboxes SET given_at = made_at WHERE learner IS NOT NULL;
