-- Whom a container was linked to (`--link` on the default network), and the names of the variables that it got
-- from them: JSON (`containers::links::Links`), empty where there are none.
ALTER TABLE gateway_containers ADD COLUMN links TEXT NOT NULL DEFAULT '';
