ALTER TABLE node_info ADD COLUMN hw_model_name TEXT;
