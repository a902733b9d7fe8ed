-- A session is a secret in the browser's cookie; nothing is kept of it here any more.
DROP TABLE IF EXISTS tower_sessions;
