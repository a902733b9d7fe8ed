-- What a step's layer takes of the disk.
ALTER TABLE gateway_build_steps ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
