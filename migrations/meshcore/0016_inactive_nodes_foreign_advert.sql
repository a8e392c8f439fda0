ALTER TABLE inactive_nodes ADD COLUMN foreign_advert INTEGER DEFAULT 0;
