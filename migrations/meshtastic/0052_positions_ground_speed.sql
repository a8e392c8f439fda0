ALTER TABLE positions ADD COLUMN ground_speed INTEGER;
