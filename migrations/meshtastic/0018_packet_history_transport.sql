ALTER TABLE packet_history ADD COLUMN transport INTEGER;
