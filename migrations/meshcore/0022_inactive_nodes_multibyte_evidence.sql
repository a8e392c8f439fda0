ALTER TABLE inactive_nodes ADD COLUMN multibyte_evidence TEXT;
