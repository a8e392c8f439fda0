ALTER TABLE positions ADD COLUMN precision_bits INTEGER;
