ALTER TABLE observer_metrics ADD COLUMN packets_recv INTEGER;
