ALTER TABLE packet_history ADD COLUMN want_ack BOOLEAN;
