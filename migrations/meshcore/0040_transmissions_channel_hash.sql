ALTER TABLE transmissions ADD COLUMN channel_hash TEXT DEFAULT NULL;
