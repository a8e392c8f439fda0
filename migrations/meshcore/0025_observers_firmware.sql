ALTER TABLE observers ADD COLUMN firmware TEXT;
