ALTER TABLE node_info ADD COLUMN is_favorite INTEGER;
