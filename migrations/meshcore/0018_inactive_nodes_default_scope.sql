ALTER TABLE inactive_nodes ADD COLUMN default_scope TEXT DEFAULT NULL;
