ALTER TABLE observers ADD COLUMN clock_last_naive_at TEXT DEFAULT NULL;
