/** Databases as other programs left them, from what is known of their schemas. @module */
import { DatabaseSync } from "node:sqlite";

const MALLA_PACKETS = `id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp REAL NOT NULL,
  topic TEXT NOT NULL, from_node_id INTEGER, to_node_id INTEGER, portnum INTEGER,
  portnum_name TEXT, gateway_id TEXT, channel_id TEXT, rssi INTEGER, snr REAL, hop_limit INTEGER,
  hop_start INTEGER, payload_length INTEGER, raw_payload BLOB,
  processed_successfully BOOLEAN DEFAULT TRUE`;

/** Columns that later generations of Malla added one after another. */
const MALLA_LATER = [
  "mesh_packet_id INTEGER",
  "via_mqtt BOOLEAN",
  "want_ack BOOLEAN",
  "priority INTEGER",
  "delayed INTEGER",
  "channel_index INTEGER",
  "rx_time INTEGER",
  "pki_encrypted BOOLEAN",
  "next_hop INTEGER",
  "relay_node INTEGER",
  "tx_after INTEGER",
  "message_type TEXT",
  "raw_service_envelope BLOB",
  "parsing_error TEXT",
];

/** How many generations {@linkcode makeMalla} can make, the last one being today's. */
export const MALLA_GENERATIONS = MALLA_LATER.length + 1;

/** A Malla database of a generation (0: the oldest), with `packets` rows and two nodes. */
export function makeMalla(path: string, generation: number, packets = 20): void {
  const db = new DatabaseSync(path);
  const later = MALLA_LATER.slice(0, generation);
  const channel = generation > 0 ? ", primary_channel TEXT" : "";
  db.exec(`CREATE TABLE packet_history (${[MALLA_PACKETS, ...later].join(", ")})`);
  db.exec(`CREATE TABLE node_info (node_id INTEGER PRIMARY KEY, hex_id TEXT, long_name TEXT,
    short_name TEXT, hw_model TEXT, role TEXT, is_licensed BOOLEAN, mac_address TEXT,
    first_seen REAL NOT NULL, last_updated REAL NOT NULL${channel})`);
  db.exec("CREATE INDEX idx_packet_timestamp ON packet_history(timestamp)");
  const insert = db.prepare(`INSERT INTO packet_history
    (timestamp, topic, from_node_id, to_node_id, portnum, portnum_name, gateway_id, channel_id,
     rssi, snr, hop_limit, hop_start, payload_length, raw_payload, processed_successfully)
    VALUES (?, 'msh/EU/2/e/LongFast/!00000009', ?, 4294967295, 1, 'TEXT_MESSAGE_APP', '!00000009',
     'LongFast', -80, 6.5, 3, 3, 2, x'6869', 1)`);
  db.exec("BEGIN");
  for (let i = 0; i < packets; i++) insert.run(1_700_000_000.5 + i, 0x10 + i % 3);
  db.exec("COMMIT");
  db.exec(`INSERT INTO node_info (node_id, hex_id, long_name, short_name, hw_model, role,
      is_licensed, mac_address, first_seen, last_updated)
    VALUES (16, '!00000010', 'Anna', 'A', 'TBEAM', 'CLIENT', 0, 'aa:bb:cc:dd:ee:ff', 1e9, 1.5e9),
      (9, '!00000009', NULL, NULL, NULL, NULL, NULL, NULL, 1e9, 1e9)`);
  db.close();
}

/** A meshpipe database with a packet of each sort; `old`: times in microseconds, `updated_at`. */
export function makeMeshpipe(path: string, old = false): void {
  const db = new DatabaseSync(path);
  const cut = (columns: string) => old ? "" : `, ${columns}`;
  db.exec(`CREATE TABLE packet_history (id INTEGER PRIMARY KEY AUTOINCREMENT,
    timestamp REAL NOT NULL, topic TEXT NOT NULL, from_node_id INTEGER, to_node_id INTEGER,
    portnum INTEGER, portnum_name TEXT, gateway_id TEXT, channel_id TEXT, channel_name TEXT,
    mesh_packet_id INTEGER, rssi INTEGER, snr REAL, hop_limit INTEGER, hop_start INTEGER,
    payload_length INTEGER, raw_payload BLOB, processed_successfully INTEGER, via_mqtt INTEGER,
    want_ack INTEGER, priority INTEGER, delayed INTEGER, channel_index INTEGER, rx_time INTEGER,
    pki_encrypted INTEGER, next_hop INTEGER, relay_node INTEGER, tx_after INTEGER,
    message_type TEXT, raw_service_envelope BLOB, parsing_error TEXT, transport INTEGER,
    qos INTEGER, retained INTEGER)`);
  db.exec(
    "CREATE INDEX idx_packet_history_timestamp ON packet_history(timestamp DESC, id DESC)",
  );
  db.exec(`CREATE TABLE node_info (node_id INTEGER PRIMARY KEY, user_id TEXT, hex_id TEXT,
    long_name TEXT, short_name TEXT, hw_model INTEGER, role INTEGER, is_licensed INTEGER,
    mac_address TEXT, primary_channel TEXT, snr REAL, last_heard INTEGER, via_mqtt INTEGER,
    channel INTEGER, hops_away INTEGER, is_favorite INTEGER, is_ignored INTEGER,
    is_key_verified INTEGER, first_seen REAL, ${old ? "updated_at" : "last_updated"} REAL${
    cut(`hw_model_name TEXT, role_name TEXT, region TEXT, region_name TEXT,
      firmware_version TEXT, modem_preset TEXT, modem_preset_name TEXT`)
  })`);
  db.exec(`CREATE TABLE text_messages (packet_id INTEGER PRIMARY KEY, text TEXT,
    want_response INTEGER, dest INTEGER, source INTEGER, request_id INTEGER, reply_id INTEGER,
    emoji INTEGER, bitfield INTEGER, compressed INTEGER,
    FOREIGN KEY (packet_id) REFERENCES packet_history(id) ON DELETE CASCADE)`);
  db.exec(`CREATE TABLE link_history (id INTEGER PRIMARY KEY AUTOINCREMENT,
    packet_id INTEGER UNIQUE, gateway_id TEXT NOT NULL, from_node_id INTEGER, to_node_id INTEGER,
    hop_index INTEGER, hop_limit INTEGER, rssi INTEGER, snr REAL, channel_id TEXT,
    channel_name TEXT, received_at REAL,
    FOREIGN KEY (packet_id) REFERENCES packet_history(id) ON DELETE CASCADE)`);
  db.exec("CREATE VIEW chat_message_gateways AS SELECT 1 AS packet_id");
  const insert = db.prepare(`INSERT INTO packet_history
    (timestamp, topic, from_node_id, portnum, portnum_name, gateway_id, channel_id, message_type,
     raw_payload, payload_length, processed_successfully)
    VALUES (?, 'msh/EU/2/e/LongFast/!00000009', 16, ?, ?, '!00000009', 'LongFast', ?, x'00', 1, 1)`);
  const scale = old ? 1e6 : 1;
  meshpipePackets.forEach(([port, text, type], i) => {
    insert.run((1_700_000_000.5 + i) * scale, port, text, type);
  });
  db.exec(`INSERT INTO text_messages (packet_id, text) VALUES (1, 'hi')`);
  db.exec(`INSERT INTO link_history (packet_id, gateway_id, from_node_id, received_at)
    VALUES (1, '!00000009', 16, 1700000000.5)`);
  db.exec(`INSERT INTO node_info (node_id, user_id, hex_id, long_name, short_name, hw_model, role,
      is_licensed, mac_address, first_seen, ${old ? "updated_at" : "last_updated"})
    VALUES (16, '!00000010', '!00000010', 'Anna', 'A', 43, 2, 0, 'AABBCCDDEEFF', 1e9, 1.5e9),
      (17, '!00000011', '!00000011', 'Berta', 'B', 0, 0, 0, '', 1e9, 1.5e9),
      (18, '!00000012', '!00000012', 'Carl', 'C', 999, 77, 0, NULL, 1e9, 1.5e9),
      (9, '!00000009', '!00000009', '', '', 0, 0, 0, '', 1e9, 1e9)`);
  db.close();
}

/**
 * What meshpipe does to a file of its first generation: it builds `packet_history` anew under its name.
 * SQLite lets the older tables refer to the old one, which is gone afterwards.
 */
export function upgradeAsMeshpipe(path: string): void {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA foreign_keys = OFF; BEGIN");
  const { sql } = db.prepare("SELECT sql FROM sqlite_master WHERE name = 'packet_history'").get()!;
  db.exec("ALTER TABLE packet_history RENAME TO packet_history_legacy");
  db.exec(String(sql));
  db.exec(`INSERT INTO packet_history SELECT * FROM packet_history_legacy;
    UPDATE packet_history SET timestamp = timestamp / 1e6 WHERE timestamp >= 1e12;
    DROP TABLE packet_history_legacy; COMMIT`);
  // What came later refers rightly.
  db.exec(`CREATE TABLE range_test_results (packet_id INTEGER PRIMARY KEY, text TEXT,
    raw_payload BLOB, FOREIGN KEY (packet_id) REFERENCES packet_history(id) ON DELETE CASCADE)`);
  db.exec("INSERT INTO range_test_results (packet_id, text) VALUES (2, 'seq 1')");
  db.close();
}

/** Port, meshpipe's text, message type, and the name that the row has in Malla's meaning. */
export const meshpipePackets: readonly (readonly [number, string, string, string])[] = [
  [1, "Text message", "e", "TEXT_MESSAGE_APP"],
  [3, "Position", "e", "POSITION_APP"],
  [33, "IP Tunnel", "e", "IP_TUNNEL_APP"],
  [70, "Traceroute", "e", "TRACEROUTE_APP"],
  [0, "Unknown", "e", "UNKNOWN_APP"],
  [0, "Node stat", "stat", "UNKNOWN_APP"],
  [0, "JSON", "json", "UNKNOWN_APP"],
  [73, "Map report", "map", "MAP_REPORT_APP"],
  [499, "Unknown", "e", "UNKNOWN_499"],
];
