ALTER TABLE node_info ADD COLUMN modem_preset_name TEXT;
