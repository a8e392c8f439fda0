ALTER TABLE nodes ADD COLUMN multibyte_evidence TEXT;
