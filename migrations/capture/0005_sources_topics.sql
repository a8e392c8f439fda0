-- Topic filters that the source's session at its broker may hold, as a JSON array.
ALTER TABLE capture_sources ADD COLUMN topics TEXT;
