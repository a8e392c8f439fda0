-- Rows go by their id, and are looked for by source at a start only. Each commit wrote a page of it.
DROP INDEX IF EXISTS idx_capture_ledger_source;
