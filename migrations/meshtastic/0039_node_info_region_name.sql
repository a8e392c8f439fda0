ALTER TABLE node_info ADD COLUMN region_name TEXT;
