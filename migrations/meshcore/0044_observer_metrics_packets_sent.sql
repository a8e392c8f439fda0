ALTER TABLE observer_metrics ADD COLUMN packets_sent INTEGER;
