ALTER TABLE packet_history ADD COLUMN delayed INTEGER;
