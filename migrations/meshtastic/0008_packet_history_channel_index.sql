ALTER TABLE packet_history ADD COLUMN channel_index INTEGER;
