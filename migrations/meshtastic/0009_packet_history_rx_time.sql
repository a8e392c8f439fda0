ALTER TABLE packet_history ADD COLUMN rx_time INTEGER;
