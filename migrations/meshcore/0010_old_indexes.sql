-- Indexes that CoreScope itself has given up.
DROP INDEX IF EXISTS idx_tx_last_seen;
DROP INDEX IF EXISTS idx_client_recept_rxpk;
