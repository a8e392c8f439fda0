ALTER TABLE node_info ADD COLUMN is_key_verified INTEGER;
