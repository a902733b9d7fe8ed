-- Bytes of layers that were new to the registry with this name's pushes. They stay there until somebody collects garbage.
ALTER TABLE gateway_pushed ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
