ALTER TABLE packet_history ADD COLUMN priority INTEGER;
