ALTER TABLE positions ADD COLUMN ground_track INTEGER;
