ALTER TABLE packet_history ADD COLUMN via_mqtt BOOLEAN;
