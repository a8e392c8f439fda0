ALTER TABLE node_info ADD COLUMN hops_away INTEGER;
