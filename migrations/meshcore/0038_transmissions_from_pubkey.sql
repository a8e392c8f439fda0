ALTER TABLE transmissions ADD COLUMN from_pubkey TEXT;
