ALTER TABLE observers ADD COLUMN client_version TEXT;
