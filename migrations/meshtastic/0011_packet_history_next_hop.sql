ALTER TABLE packet_history ADD COLUMN next_hop INTEGER;
