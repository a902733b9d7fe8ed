-- Since when a certificate has the name that it has, in unix milliseconds; 0: it was issued in it.
ALTER TABLE certificates ADD COLUMN renamed_at BIGINT NOT NULL DEFAULT 0;
