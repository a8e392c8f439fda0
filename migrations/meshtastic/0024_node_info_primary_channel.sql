ALTER TABLE node_info ADD COLUMN primary_channel TEXT;
