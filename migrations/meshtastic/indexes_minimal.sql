-- For machines where no web UI opens the file. The first is what retention waits for.
CREATE INDEX IF NOT EXISTS idx_packet_history_timestamp ON packet_history(timestamp DESC, id DESC);
CREATE INDEX IF NOT EXISTS idx_packet_mesh_id ON packet_history(mesh_packet_id);
CREATE INDEX IF NOT EXISTS idx_packet_history_from_time_desc ON packet_history(from_node_id, timestamp DESC);
CREATE INDEX IF NOT EXISTS idx_node_hex_id ON node_info(hex_id);
