ALTER TABLE observations ADD COLUMN raw_hex TEXT;
