ALTER TABLE positions ADD COLUMN next_update INTEGER;
