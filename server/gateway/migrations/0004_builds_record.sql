-- What `docker buildx du` and `docker system df --verbose` tell of a step.
ALTER TABLE gateway_build_steps ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE gateway_build_steps ADD COLUMN uses BIGINT NOT NULL DEFAULT 1;
