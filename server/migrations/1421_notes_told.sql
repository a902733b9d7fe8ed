-- 1: Lunchbox wrote it, and no instructor sent it. Such a note stands in all classes of a learner, where it tells
-- whoever teaches there nothing about the others.
ALTER TABLE notes ADD COLUMN told BIGINT NOT NULL DEFAULT 0;
UPDATE notes SET told = 1 WHERE author = 'Lunchbox' OR text = author || ' made a new way back for you. If you did not ask for it, tell them.';
