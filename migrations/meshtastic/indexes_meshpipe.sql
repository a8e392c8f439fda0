-- Of meshpipe's tables beside packet_history.
CREATE INDEX IF NOT EXISTS idx_traceroute_packet ON traceroute_hops(packet_id);
CREATE INDEX IF NOT EXISTS idx_traceroute_origin_dest ON traceroute_hops(origin_node_id, destination_node_id);
CREATE INDEX IF NOT EXISTS idx_traceroute_gateway ON traceroute_hops(gateway_id);
CREATE INDEX IF NOT EXISTS idx_link_history_gateway ON link_history(gateway_id, received_at);
CREATE INDEX IF NOT EXISTS idx_link_history_nodes ON link_history(from_node_id, to_node_id);
CREATE INDEX IF NOT EXISTS idx_gateway_node_stats_last_seen ON gateway_node_stats(last_seen);
CREATE INDEX IF NOT EXISTS idx_neighbor_history_origin ON neighbor_history(origin_node_id);
CREATE INDEX IF NOT EXISTS idx_neighbor_history_packet ON neighbor_history(packet_id);
