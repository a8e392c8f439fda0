ALTER TABLE node_info ADD COLUMN user_id TEXT;
