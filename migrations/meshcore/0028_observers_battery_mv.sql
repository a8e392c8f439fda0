ALTER TABLE observers ADD COLUMN battery_mv INTEGER;
