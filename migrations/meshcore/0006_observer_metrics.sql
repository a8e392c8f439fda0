-- Figures of an observer, one row an interval.
CREATE TABLE IF NOT EXISTS observer_metrics (
  observer_id TEXT NOT NULL,
  timestamp TEXT NOT NULL,
  noise_floor REAL,
  tx_air_secs INTEGER,
  rx_air_secs INTEGER,
  recv_errors INTEGER,
  battery_mv INTEGER,
  packets_sent INTEGER,
  packets_recv INTEGER,
  PRIMARY KEY (observer_id, timestamp)
);
