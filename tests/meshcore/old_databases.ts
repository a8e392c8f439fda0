/**
 * CoreScope's databases as its versions left them, made by the shapes that its history shows.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { key, NOW } from "./records.ts";

/** Unix seconds of the rows. */
export const THEN = NOW / 1000 - 3600;
const THEN_TEXT = "2025-10-09T07:53:20Z";

const FIRST_TABLES = `
  CREATE TABLE nodes (public_key TEXT PRIMARY KEY, name TEXT, role TEXT, lat REAL, lon REAL,
    last_seen TEXT, first_seen TEXT, advert_count INTEGER DEFAULT 0);
  CREATE TABLE observers (id TEXT PRIMARY KEY, name TEXT, iata TEXT, last_seen TEXT,
    first_seen TEXT, packet_count INTEGER DEFAULT 0, model TEXT, firmware TEXT,
    client_version TEXT, radio TEXT, battery_mv INTEGER, uptime_secs INTEGER, noise_floor INTEGER);
  CREATE INDEX idx_nodes_last_seen ON nodes(last_seen);
  CREATE INDEX idx_observers_last_seen ON observers(last_seen);
  CREATE TABLE transmissions (id INTEGER PRIMARY KEY AUTOINCREMENT, raw_hex TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE, first_seen TEXT NOT NULL, route_type INTEGER,
    payload_type INTEGER, payload_version INTEGER, decoded_json TEXT,
    created_at TEXT DEFAULT (datetime('now')));
  CREATE INDEX idx_transmissions_hash ON transmissions(hash);
  CREATE INDEX idx_transmissions_first_seen ON transmissions(first_seen);
  CREATE INDEX idx_transmissions_payload_type ON transmissions(payload_type);`;

const LEAN_OBSERVATIONS = `
  CREATE TABLE observations (id INTEGER PRIMARY KEY AUTOINCREMENT,
    transmission_id INTEGER NOT NULL REFERENCES transmissions(id), observer_idx INTEGER,
    direction TEXT, snr REAL, rssi REAL, score INTEGER, path_json TEXT,
    timestamp INTEGER NOT NULL);
  CREATE INDEX idx_observations_transmission_id ON observations(transmission_id);
  CREATE INDEX idx_observations_observer_idx ON observations(observer_idx);
  CREATE INDEX idx_observations_timestamp ON observations(timestamp);
  CREATE UNIQUE INDEX idx_observations_dedup
    ON observations(transmission_id, observer_idx, COALESCE(path_json, ''));`;

const WIDE_OBSERVATIONS = `
  CREATE TABLE observations (id INTEGER PRIMARY KEY AUTOINCREMENT,
    transmission_id INTEGER NOT NULL REFERENCES transmissions(id), hash TEXT NOT NULL,
    observer_id TEXT, observer_name TEXT, direction TEXT, snr REAL, rssi REAL, score INTEGER,
    path_json TEXT, timestamp TEXT NOT NULL, created_at TEXT DEFAULT (datetime('now')));
  CREATE INDEX idx_observations_hash ON observations(hash);
  CREATE INDEX idx_observations_transmission_id ON observations(transmission_id);
  CREATE INDEX idx_observations_observer_id ON observations(observer_id);
  CREATE INDEX idx_observations_timestamp ON observations(timestamp);
  CREATE UNIQUE INDEX idx_observations_dedup
    ON observations(hash, observer_id, COALESCE(path_json, ''));
  CREATE VIEW packets_v AS SELECT o.id, t.raw_hex, o.timestamp, o.observer_id, o.observer_name
    FROM observations o JOIN transmissions t ON t.id = o.transmission_id;`;

/** An advert, a channel message, a message of an unknown channel, and one without any of it. */
const PACKETS = `
  INSERT INTO transmissions (raw_hex, hash, first_seen, route_type, payload_type, decoded_json)
  VALUES
    ('1100AA', 'a1', '${THEN_TEXT}', 1, 4, '{"type":"ADVERT","pubKey":"${
  key("AA").toUpperCase()
}"}'),
    ('1500BB', 'a2', '${THEN_TEXT}', 1, 5, '{"type":"CHAN","channel":"public"}'),
    ('1500CC', 'a3', '${THEN_TEXT}', 1, 5, '{"type":"GRP_TXT","channelHashHex":"CC"}'),
    ('1500DD', 'a4', '${THEN_TEXT}', 1, 5, 'no JSON'),
    ('', '', '', 1, 5, NULL);
  INSERT INTO nodes (public_key, name, role, last_seen, first_seen, advert_count)
  VALUES ('${key("aa").toUpperCase()}', 'Hill', 'repeater', '${THEN_TEXT}', '${THEN_TEXT}', 17);
  INSERT INTO observers (id, name, iata, last_seen, first_seen, packet_count, noise_floor)
  VALUES ('OBS', 'Roof', 'SJC', '${THEN_TEXT}', '${THEN_TEXT}', 4, -100),
    ('MUTE', 'Never', 'SJC', '${THEN_TEXT}', '${THEN_TEXT}', 1, NULL);`;

/** Generations of CoreScope's database, oldest first. */
export const GENERATIONS = [
  "observers by name",
  "lean observations",
  "raw hex without paths",
] as const;
/** One of {@linkcode GENERATIONS}. */
export type Generation = typeof GENERATIONS[number];

/** Makes the database of a generation, with a few rows. */
export function makeCoreScope(path: string, generation: Generation): void {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(FIRST_TABLES);
  db.exec(generation === "observers by name" ? WIDE_OBSERVATIONS : LEAN_OBSERVATIONS);
  db.exec(PACKETS);
  if (generation === "observers by name") {
    db.exec(
      `INSERT INTO observations (id, transmission_id, hash, observer_id, observer_name, direction,
         snr, rssi, path_json, timestamp)
       VALUES (7, 1, 'a1', 'OBS', 'Roof', 'rx', 5, -90, '[]', '${THEN_TEXT}'),
         (8, 2, 'a2', 'GONE', 'Left', 'rx', 6, -91, '["AB"]', '${THEN_TEXT}'),
         (9, 3, 'a3', NULL, NULL, 'rx', 7, -92, NULL, '${THEN_TEXT}'),
         (10, 4, 'a4', 'OBS', 'Roof', 'rx', 8, -93, '[]', '${THEN_TEXT}')`,
    );
  } else {
    db.exec(
      `INSERT INTO observations (id, transmission_id, observer_idx, direction, snr, rssi,
         path_json, timestamp)
       VALUES (7, 1, 1, 'rx', 5, -90, '[]', ${THEN}), (8, 2, 1, 'rx', 6, -91, '["AB"]', ${THEN}),
         (9, 3, NULL, 'rx', 7, -92, NULL, ${THEN}), (10, 4, 1, 'rx', 8, -93, '[]', ${THEN})`,
    );
  }
  if (generation === "raw hex without paths") {
    db.exec(
      `ALTER TABLE observations ADD COLUMN raw_hex TEXT;
       ALTER TABLE transmissions ADD COLUMN channel_hash TEXT DEFAULT NULL;
       ALTER TABLE transmissions ADD COLUMN scope_name TEXT DEFAULT NULL;
       UPDATE transmissions SET scope_name = '#bay' WHERE hash = 'a1';
       UPDATE transmissions SET channel_hash = 'public' WHERE hash = 'a2';
       UPDATE transmissions SET channel_hash = 'enc_CC' WHERE hash = 'a3';
       UPDATE observations SET path_json = NULL, raw_hex = '1542AABBCCDD00' WHERE id = 8;
       UPDATE observations SET path_json = '', raw_hex = 'zz' WHERE id = 10;
       CREATE TABLE _migrations (name TEXT PRIMARY KEY);
       INSERT INTO _migrations VALUES ('advert_count_unique_v1'), ('channel_hash_v1');`,
    );
  }
  db.close();
}
