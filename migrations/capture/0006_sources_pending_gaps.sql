-- For a run that begins before they are proved.
ALTER TABLE capture_sources ADD COLUMN pending_gaps TEXT; -- stretches that may yet prove to be gaps, as a JSON array of [from, to] in seconds since the epoch
