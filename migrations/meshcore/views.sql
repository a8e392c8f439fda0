-- Receptions as one list, by the meaning of CoreScope's columns; inactive observers have no name.
CREATE VIEW packets_v AS
SELECT seen.id, coalesce(seen.raw_hex, sent.raw_hex) AS raw_hex,
  datetime(seen.timestamp, 'unixepoch') AS timestamp,
  observers.id AS observer_id, observers.name AS observer_name,
  seen.direction, seen.snr, seen.rssi, seen.score,
  sent.hash, sent.route_type, sent.payload_type, sent.payload_version,
  seen.path_json, sent.decoded_json, sent.created_at
FROM observations AS seen
JOIN transmissions AS sent ON sent.id = seen.transmission_id
LEFT JOIN observers ON observers.rowid = seen.observer_idx AND coalesce(observers.inactive, 0) = 0;
