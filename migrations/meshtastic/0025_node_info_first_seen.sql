ALTER TABLE node_info ADD COLUMN first_seen REAL;
