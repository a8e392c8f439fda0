ALTER TABLE node_info ADD COLUMN region TEXT;
