ALTER TABLE positions ADD COLUMN gps_accuracy INTEGER;
