-- meshpipe's views, by the meaning of their columns.
CREATE VIEW gateway_stats AS
SELECT gateway_id, sum(packets_total) AS packets_total, count(node_id) AS distinct_nodes,
  min(first_seen) AS first_seen, max(last_seen) AS last_seen,
  avg(last_rssi) AS avg_rssi, avg(last_snr) AS avg_snr
FROM gateway_node_stats GROUP BY gateway_id;
CREATE VIEW link_aggregate AS
SELECT gateway_id, channel_id, from_node_id, to_node_id, count(*) AS packets_total,
  min(received_at) AS first_seen, max(received_at) AS last_seen,
  avg(rssi) AS avg_rssi, avg(snr) AS avg_snr,
  max(hop_index) AS max_hop_index, max(hop_limit) AS max_hop_limit, max(packet_id) AS last_packet_id
FROM link_history GROUP BY gateway_id, channel_id, from_node_id, to_node_id;
CREATE VIEW longest_links AS
SELECT gateway_id, from_node_id, to_node_id, count(*) AS packets_total,
  max(hop_index) AS max_hop_index, max(hop_limit) AS max_hop_limit,
  min(received_at) AS first_seen, max(received_at) AS last_seen, max(packet_id) AS last_packet_id
FROM link_history GROUP BY gateway_id, from_node_id, to_node_id;
CREATE VIEW gateway_diversity AS
SELECT gateway_id, count(*) AS packets_total, count(DISTINCT from_node_id) AS unique_sources,
  count(DISTINCT to_node_id) AS unique_destinations, avg(hop_index) AS avg_hop_index,
  avg(rssi) AS avg_rssi, avg(snr) AS avg_snr,
  min(received_at) AS first_seen, max(received_at) AS last_seen
FROM link_history GROUP BY gateway_id;
CREATE VIEW traceroute_hop_summary AS
SELECT gateway_id, count(*) AS hop_records, count(DISTINCT packet_id) AS packets_total,
  avg(hop_index + 1) AS avg_hops, max(hop_index + 1) AS max_hops,
  min(received_at) AS first_seen, max(received_at) AS last_seen
FROM traceroute_hops WHERE direction = 'towards' GROUP BY gateway_id;
CREATE VIEW traceroute_longest_paths AS
SELECT origin_node_id, destination_node_id, gateway_id, max(hop_index + 1) AS max_hops,
  count(DISTINCT packet_id) AS observations,
  min(received_at) AS first_seen, max(received_at) AS last_seen
FROM traceroute_hops WHERE direction = 'towards'
GROUP BY origin_node_id, destination_node_id, gateway_id;
CREATE VIEW mesh_packet_stats AS
SELECT p.mesh_packet_id AS mesh_packet_id, count(*) AS reception_count,
  count(DISTINCT l.gateway_id) AS gateway_count, min(l.rssi) AS min_rssi, max(l.rssi) AS max_rssi,
  min(l.snr) AS min_snr, max(l.snr) AS max_snr,
  min(l.received_at) AS first_received_at, max(l.received_at) AS last_received_at
FROM link_history AS l, packet_history AS p
WHERE p.id = l.packet_id AND p.mesh_packet_id IS NOT NULL GROUP BY p.mesh_packet_id;
CREATE VIEW chat_messages AS
SELECT p.id AS packet_id, p.mesh_packet_id AS mesh_packet_id, p.timestamp AS timestamp,
  p.from_node_id AS from_node_id, p.to_node_id AS to_node_id, p.channel_id AS channel_id,
  p.gateway_id AS gateway_id, p.processed_successfully AS processed_successfully, t.text AS text,
  t.want_response AS want_response, t.dest AS dest, t.source AS source,
  t.request_id AS request_id, t.reply_id AS reply_id, t.compressed AS compressed
FROM text_messages AS t, packet_history AS p WHERE p.id = t.packet_id;
CREATE VIEW chat_message_gateways AS
SELECT p.id AS packet_id, l.gateway_id AS gateway_id, min(l.rssi) AS min_rssi,
  max(l.rssi) AS max_rssi, min(l.snr) AS min_snr, max(l.snr) AS max_snr,
  count(*) AS reception_count
FROM link_history AS l, packet_history AS p
WHERE p.id = l.packet_id AND p.portnum IN (1, 7) GROUP BY p.id, l.gateway_id;
CREATE VIEW latest_node_locations AS
SELECT node_id, gateway_id, channel_id, timestamp, latitude, longitude, altitude, precision_bits,
  gps_accuracy, pdop, hdop, vdop, sats_in_view, fix_quality, fix_type, long_name, short_name,
  primary_channel
FROM (
  SELECT p.from_node_id AS node_id, p.gateway_id AS gateway_id, p.channel_id AS channel_id,
    p.timestamp AS timestamp, o.latitude, o.longitude, o.altitude, o.precision_bits,
    o.gps_accuracy, o.pdop, o.hdop, o.vdop, o.sats_in_view, o.fix_quality, o.fix_type,
    n.long_name AS long_name, n.short_name AS short_name,
    n.primary_channel AS primary_channel,
    row_number() OVER (PARTITION BY p.from_node_id ORDER BY p.timestamp DESC, p.id DESC) AS age
  FROM positions AS o JOIN packet_history AS p ON p.id = o.packet_id
    LEFT JOIN node_info AS n ON n.node_id = p.from_node_id
  WHERE p.from_node_id IS NOT NULL
) WHERE age = 1;
