ALTER TABLE inactive_nodes ADD COLUMN battery_mv INTEGER;
