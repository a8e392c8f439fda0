ALTER TABLE observations ADD COLUMN resolved_path TEXT;
