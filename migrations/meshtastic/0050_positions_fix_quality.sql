ALTER TABLE positions ADD COLUMN fix_quality INTEGER;
