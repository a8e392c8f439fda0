ALTER TABLE observers ADD COLUMN uptime_secs INTEGER;
