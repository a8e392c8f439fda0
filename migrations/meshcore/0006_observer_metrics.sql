-- Figures of an observer, one row an interval.
CREATE TABLE IF NOT EXISTS observer_metrics (
  observer_id TEXT NOT NULL, -- key of the observer
  timestamp TEXT NOT NULL, -- begin of the interval, RFC 3339
  noise_floor REAL, -- dBm
  tx_air_secs INTEGER, -- seconds of sending since its start
  rx_air_secs INTEGER, -- seconds of receiving since its start
  recv_errors INTEGER, -- broken packets since its start
  battery_mv INTEGER, -- millivolts
  packets_sent INTEGER, -- packets sent since its start
  packets_recv INTEGER, -- packets received since its start
  PRIMARY KEY (observer_id, timestamp)
);
