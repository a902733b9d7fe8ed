-- 0 in first_at: the learner has not looked at the step yet. Steps were passed on the way to others before that was told
-- apart, with the moment itself for the first look.
UPDATE progress_steps SET first_at = 0 WHERE passed_at > 0 AND first_at = passed_at;
