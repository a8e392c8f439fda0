ALTER TABLE packet_history ADD COLUMN mesh_packet_id INTEGER;
