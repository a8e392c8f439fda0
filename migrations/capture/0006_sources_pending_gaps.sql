-- Stretches that may yet prove to be gaps, as a JSON array of [from, to] in seconds since the epoch.
ALTER TABLE capture_sources ADD COLUMN pending_gaps TEXT;
