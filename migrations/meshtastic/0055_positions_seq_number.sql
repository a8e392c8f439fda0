ALTER TABLE positions ADD COLUMN seq_number INTEGER;
