ALTER TABLE node_info ADD COLUMN is_ignored INTEGER;
