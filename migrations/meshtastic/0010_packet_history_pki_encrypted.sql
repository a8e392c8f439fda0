ALTER TABLE packet_history ADD COLUMN pki_encrypted BOOLEAN;
