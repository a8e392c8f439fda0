ALTER TABLE positions ADD COLUMN sats_in_view INTEGER;
