-- Who hears whom, derived from observations; node_a <= node_b.
CREATE TABLE IF NOT EXISTS neighbor_edges (
  node_a TEXT NOT NULL, -- key of a node
  node_b TEXT NOT NULL, -- key of one that it hears, or is heard by
  count INTEGER DEFAULT 1, -- observations that say so
  last_seen TEXT, -- the last of them, RFC 3339
  PRIMARY KEY (node_a, node_b)
);
