ALTER TABLE node_info ADD COLUMN firmware_version TEXT;
