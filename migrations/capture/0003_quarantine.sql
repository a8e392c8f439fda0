-- Messages whose records the database would not take, as they came, the last 10,000 of them.
CREATE TABLE IF NOT EXISTS capture_quarantine (
  id INTEGER PRIMARY KEY, -- row id
  source TEXT NOT NULL, -- the source
  topic TEXT NOT NULL, -- MQTT topic
  payload BLOB NOT NULL, -- MQTT payload
  received_at REAL NOT NULL, -- time of receipt, seconds since the epoch
  qos INTEGER NOT NULL, -- quality of service at which it came
  error TEXT NOT NULL -- what the database said
);
