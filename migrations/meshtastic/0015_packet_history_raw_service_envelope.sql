ALTER TABLE packet_history ADD COLUMN raw_service_envelope BLOB;
