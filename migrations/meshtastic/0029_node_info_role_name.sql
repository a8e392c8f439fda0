ALTER TABLE node_info ADD COLUMN role_name TEXT;
