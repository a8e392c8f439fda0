-- For the ledger to know what a session may still deliver.
ALTER TABLE capture_sources ADD COLUMN topics TEXT; -- topic filters that the session at the broker may hold, as a JSON array
