-- CoreScope's indexes, in its order: of equally good ones SQLite chooses by it, and so CoreScope's
-- server by it chooses among receptions of one second. Those of tables that have rows already are
-- built by a background job.
CREATE INDEX IF NOT EXISTS idx_observations_transmission_id ON observations (transmission_id);
CREATE INDEX IF NOT EXISTS idx_observations_observer_idx ON observations (observer_idx);
CREATE INDEX IF NOT EXISTS idx_observations_timestamp ON observations (timestamp);
CREATE UNIQUE INDEX IF NOT EXISTS idx_observations_dedup ON observations (transmission_id, observer_idx, COALESCE(path_json, ''));
CREATE INDEX IF NOT EXISTS idx_observations_tx_ts ON observations (transmission_id, timestamp);
CREATE INDEX IF NOT EXISTS idx_observations_observer_idx_timestamp ON observations (observer_idx, timestamp);
CREATE INDEX IF NOT EXISTS idx_transmissions_hash ON transmissions (hash);
CREATE INDEX IF NOT EXISTS idx_transmissions_first_seen ON transmissions (first_seen);
CREATE INDEX IF NOT EXISTS idx_transmissions_payload_type ON transmissions (payload_type);
CREATE INDEX IF NOT EXISTS idx_tx_channel_hash ON transmissions (channel_hash) WHERE payload_type = 5;
CREATE INDEX IF NOT EXISTS idx_transmissions_from_pubkey ON transmissions (from_pubkey);
CREATE INDEX IF NOT EXISTS idx_tx_scope_name ON transmissions (scope_name) WHERE scope_name IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_tx_last_seen_zero ON transmissions (id) WHERE last_seen = 0;
CREATE INDEX IF NOT EXISTS idx_nodes_last_seen ON nodes (last_seen);
CREATE INDEX IF NOT EXISTS idx_nodes_foreign_advert ON nodes (foreign_advert) WHERE foreign_advert = 1;
CREATE INDEX IF NOT EXISTS idx_inactive_nodes_last_seen ON inactive_nodes (last_seen);
CREATE INDEX IF NOT EXISTS idx_observers_last_seen ON observers (last_seen);
CREATE INDEX IF NOT EXISTS idx_observer_metrics_timestamp ON observer_metrics (timestamp);
CREATE INDEX IF NOT EXISTS idx_dropped_observer ON dropped_packets (observer_id);
CREATE INDEX IF NOT EXISTS idx_dropped_node ON dropped_packets (node_pubkey);
CREATE INDEX IF NOT EXISTS idx_client_recept_heard_geo ON client_receptions (heard_key, heard_keylen, lat, lon);
CREATE INDEX IF NOT EXISTS idx_client_recept_latlon ON client_receptions (lat, lon);
CREATE INDEX IF NOT EXISTS idx_client_recept_rxat ON client_receptions (rx_at);
