ALTER TABLE packet_history ADD COLUMN tx_after INTEGER;
