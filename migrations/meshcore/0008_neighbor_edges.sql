-- Who hears whom, derived from observations; node_a <= node_b.
CREATE TABLE IF NOT EXISTS neighbor_edges (
  node_a TEXT NOT NULL,
  node_b TEXT NOT NULL,
  count INTEGER DEFAULT 1,
  last_seen TEXT,
  PRIMARY KEY (node_a, node_b)
);
