ALTER TABLE packet_history ADD COLUMN parsing_error TEXT;
