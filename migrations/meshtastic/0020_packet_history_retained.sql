ALTER TABLE packet_history ADD COLUMN retained INTEGER;
