ALTER TABLE packet_history ADD COLUMN relay_node INTEGER;
