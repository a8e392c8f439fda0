ALTER TABLE node_info ADD COLUMN last_updated REAL;
