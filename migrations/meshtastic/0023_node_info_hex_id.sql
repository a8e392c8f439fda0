ALTER TABLE node_info ADD COLUMN hex_id TEXT;
