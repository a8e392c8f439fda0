ALTER TABLE packet_history ADD COLUMN capture_source TEXT;
