ALTER TABLE observers ADD COLUMN clock_skew_count_24h INTEGER DEFAULT 0;
