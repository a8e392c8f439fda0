ALTER TABLE observers ADD COLUMN clock_skew_seconds INTEGER DEFAULT NULL;
