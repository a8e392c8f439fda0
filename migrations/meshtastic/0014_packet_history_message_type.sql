ALTER TABLE packet_history ADD COLUMN message_type TEXT;
