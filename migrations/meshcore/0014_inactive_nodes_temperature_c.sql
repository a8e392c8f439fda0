ALTER TABLE inactive_nodes ADD COLUMN temperature_c REAL;
