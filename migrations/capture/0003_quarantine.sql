-- Messages whose records the database would not take, as they came.
CREATE TABLE IF NOT EXISTS capture_quarantine (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  topic TEXT NOT NULL,
  payload BLOB NOT NULL,
  received_at REAL NOT NULL,
  qos INTEGER NOT NULL,
  error TEXT NOT NULL
);
