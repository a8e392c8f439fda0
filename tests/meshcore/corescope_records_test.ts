/**
 * The recorded traffic through the decoder, against the tables that CoreScope's ingestor wrote of
 * it. The store's part is imitated here as far as rows need it: the first of a hash wins, a second
 * observation of the same observer and path overwrites figures.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createMeshcoreDecoder } from "../../src/meshcore/decoder.ts";
import type {
  MeshcoreRecord,
  NodeUpdate,
  Observation,
  Transmission,
} from "../../src/meshcore/record.ts";
import { fixtureLines, fixtureOptions, recordedMessages } from "./fixtures.ts";

const recorded = recordedMessages();

async function records() {
  const decoded = await createMeshcoreDecoder(fixtureOptions())
    .decode(recorded.map(({ message }) => message));
  return decoded.flatMap((one) => one.kind === "record" ? [one.record] : []);
}

type Kind = MeshcoreRecord["kind"];
function ofKind<K extends Kind>(all: readonly MeshcoreRecord[], ...kinds: readonly K[]) {
  return all.filter((one): one is Extract<MeshcoreRecord, { kind: K }> =>
    (kinds as readonly Kind[]).includes(one.kind)
  );
}

Deno.test("decode() counts every recorded message once, by what became of it", async () => {
  const decoded = await createMeshcoreDecoder(fixtureOptions())
    .decode(recorded.map(({ message }) => message));
  const counts: Record<string, number> = {};
  for (const one of decoded) {
    const name = one.kind === "drop"
      ? one.reason
      : one.record.kind === "refused"
      ? one.record.reason
      : one.record.kind;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  assert.deepEqual(counts, {
    packet: 1794,
    status: 46,
    companion: 8,
    client_reception: 46,
    invalid_signature: 2,
    corrupt_advert: 3,
    undecodable: 75,
    blacklisted: 3,
    client_bad_key: 1,
    client_no_position: 2,
    client_not_direct: 4,
    ignored_topic: 2,
    no_packet: 5,
    no_text: 1,
    not_an_object: 2,
    not_json: 5,
    too_large: 1,
  });
});

Deno.test("decode() gives CoreScope's transmissions, but for hashes over text (G10, G19)", async () => {
  const ours = new Map<string, Transmission>();
  for (const { transmission } of ofKind(await records(), "packet", "companion")) {
    if (!ours.has(transmission.hash)) ours.set(transmission.hash, transmission);
  }
  const golden = fixtureLines("golden/transmissions.jsonl");
  const deviations = { textHash: 0, companion: 0 };
  const companions = [...ours.values()].filter((one) => one.rawHex === "");
  for (const row of golden) {
    const companion = row.raw_hex === "";
    const spaced = /\s/.test(row.raw_hex);
    const own = companion
      ? companions.find((one) => one.decodedJson === row.decoded_json)
      : ours.get(row.hash);
    // G10: with spaces CoreScope made two more packets of one; here they are the one they are.
    if (spaced) {
      deviations.textHash++;
      continue;
    }
    // G19: the hash of a companion's message holds the second of ingest.
    if (companion) deviations.companion++;
    assert.ok(own, row.hash);
    assert.deepEqual(
      {
        raw_hex: own.rawHex,
        hash: companion ? row.hash : own.hash,
        route_type: own.routeType,
        payload_type: own.payloadType,
        payload_version: own.payloadVersion,
        decoded_json: own.decodedJson,
        from_pubkey: own.fromPubkey,
        channel_hash: own.channelHash,
        scope_name: own.scopeName,
      },
      withoutKeys(row, "id"),
    );
  }
  assert.deepEqual(deviations, { textHash: 2, companion: 7 });
  assert.equal(ours.size, golden.length - deviations.textHash);
});

Deno.test("decode() gives CoreScope's observations, but for faults G1, G2 and G10", async () => {
  const rows = new Map<string, { observer: string | undefined; seen: Observation; hash: string }>();
  for (const one of ofKind(await records(), "packet", "companion")) {
    const observer = one.kind === "companion" ? undefined : one.observer?.id;
    const hash = one.kind === "companion" ? one.transmission.decodedJson : one.transmission.hash;
    // Without an observer nothing conflicts.
    const key = observer === undefined
      ? `${rows.size}`
      : [hash, observer, one.observation.pathJson].join();
    const before = rows.get(key)?.seen;
    const { snr, rssi, score } = one.observation;
    const seen = before === undefined ? one.observation : {
      ...before,
      snr: snr ?? before.snr,
      rssi: rssi ?? before.rssi,
      score: score ?? before.score,
      rawHex: one.observation.rawHex || before.rawHex,
    };
    rows.set(key, { observer, seen, hash });
  }
  const decodedOf = new Map(
    fixtureLines("golden/transmissions.jsonl")
      .filter((row) => row.raw_hex === "")
      .map((row) => [row.hash, row.decoded_json]),
  );
  const unmatched = new Set(rows.values());
  const deviations = { infinity: 0, textHash: 0, overwritten: 0, observerless: 0, merged: 0 };
  const golden = fixtureLines("golden/observations.jsonl");
  // Rows without an observer last: what they are matched with must not be another's.
  for (
    const row of golden.sort((a, b) => +(a._observer_id === null) - +(b._observer_id === null))
  ) {
    // G10: two packets of their own, without a path, that here are one more hearing of a third.
    if (/\s/.test(row.raw_hex ?? "")) {
      deviations.textHash++;
      continue;
    }
    const hash = decodedOf.get(row._tx_hash) ?? row._tx_hash;
    const isCopy = (one: { hash: string; seen: Observation }) =>
      one.hash === hash && one.seen.pathJson === row.path_json;
    let own = [...unmatched].find((one) =>
      isCopy(one) && one.observer === (row._observer_id ?? undefined)
    );
    if (own === undefined) {
      // G2: the first packet of a new observer is stored without it, and so a repetition conflicts
      // with nothing; here it has its observer, and the repetition is the same observation.
      assert.equal(row._observer_id, null, JSON.stringify(row));
      deviations.observerless++;
      own = [...unmatched].find(isCopy);
      if (own === undefined) {
        assert.ok([...rows.values()].some(isCopy), JSON.stringify(row));
        deviations.merged++;
        continue;
      }
    }
    unmatched.delete(own);
    const { seen } = own;
    const expected = { ...row };
    if (row.snr === "Infinity" || row.snr === 1e300) {
      deviations.infinity++;
      expected.snr = null;
    }
    if (seen.score !== row.score && row._tx_hash === "9eb5e9c61b4b4f8c") {
      // G10 again: the hearing with spaces came last and overwrites the score.
      deviations.overwritten++;
      expected.score = seen.score;
    }
    assert.deepEqual(
      [seen.direction, seen.snr, seen.rssi, seen.score, seen.pathJson, seen.rawHex || null],
      [
        expected.direction,
        expected.snr,
        expected.rssi,
        expected.score,
        expected.path_json,
        expected.raw_hex,
      ],
    );
  }
  assert.equal(unmatched.size, 0);
  assert.deepEqual(deviations, {
    infinity: 2,
    textHash: 2,
    overwritten: 1,
    observerless: 2,
    merged: 1,
  });
});

Deno.test("decode() gives CoreScope's nodes, but for names that an empty one wiped (G8)", async () => {
  const nodes = new Map<string, NodeUpdate>();
  const adverts = new Map<string, Set<string>>();
  for (const { node, transmission } of ofKind(await records(), "packet")) {
    if (node === null) continue;
    const known = nodes.get(node.publicKey);
    nodes.set(node.publicKey, {
      ...node,
      name: node.name ?? known?.name ?? null,
      lat: node.lat ?? known?.lat ?? null,
      lon: node.lon ?? known?.lon ?? null,
      foreign: node.foreign || known?.foreign === true,
      batteryMv: node.batteryMv ?? known?.batteryMv ?? null,
      temperatureC: node.temperatureC ?? known?.temperatureC ?? null,
      defaultScope: node.defaultScope ?? known?.defaultScope ?? null,
    });
    const hashes = adverts.get(node.publicKey) ?? new Set();
    adverts.set(node.publicKey, hashes.add(transmission.hash));
  }
  const golden = fixtureLines("golden/nodes.jsonl");
  assert.equal(nodes.size, golden.length);
  let wiped = 0;
  for (const row of golden) {
    const own = nodes.get(row.public_key);
    assert.ok(own, row.public_key);
    if (row.name === "" && own.name !== null) wiped++;
    assert.deepEqual(
      {
        public_key: own.publicKey,
        name: row.name === "" ? "" : own.name,
        role: own.role,
        lat: own.lat,
        lon: own.lon,
        advert_count: adverts.get(own.publicKey)!.size,
        battery_mv: own.batteryMv,
        temperature_c: own.temperatureC,
        foreign_advert: own.foreign ? 1 : 0,
        default_scope: own.defaultScope,
      },
      withoutKeys(row, "multibyte_sup", "multibyte_evidence"),
    );
  }
  assert.equal(wiped, golden.filter((row) => row.name === "").length);
});

Deno.test("decode() gives CoreScope's client receptions and dropped packets", async () => {
  const all = await records();
  const receptions = ofKind(all, "client_reception").map((one) => ({
    rx_pubkey: one.rxPubkey,
    heard_key: one.heardKey,
    heard_keylen: one.heardKeyLength,
    rssi: one.rssi,
    snr: one.snr,
    lat: one.lat,
    lon: one.lon,
    pos_acc_m: one.positionAccuracyM,
    src: one.heardBy,
  }));
  assert.deepEqual(
    sorted(receptions),
    sorted(fixtureLines("golden/client_receptions.jsonl").map((row) => withoutKeys(row, "id"))),
  );
  const dropped = ofKind(all, "refused").filter((one) => one.reason === "invalid_signature");
  assert.deepEqual(
    sorted(dropped.map((one) => ({
      hash: one.hash,
      raw_hex: one.rawHex,
      reason: one.text,
      observer_id: one.observer?.id,
      observer_name: one.observer?.name,
      node_pubkey: one.nodePubkey,
      node_name: one.nodeName,
    }))),
    sorted(fixtureLines("golden/dropped_packets.jsonl").map((row) => withoutKeys(row, "id"))),
  );
});

Deno.test("decode() gives what CoreScope knows of observers, but for wiped names (G8)", async () => {
  const all = await records();
  type Known = Record<string, string | number | boolean | null>;
  const observers = new Map<string, Known>();
  for (const one of ofKind(all, "packet", "status")) {
    if (one.observer === null) continue;
    const said: Known = { name: one.observer.name, iata: one.observer.iata };
    if (one.kind === "status") {
      Object.assign(said, {
        model: one.model,
        firmware: one.firmware,
        client_version: one.clientVersion,
        radio: one.radio,
        battery_mv: one.batteryMv,
        uptime_secs: one.uptimeSecs,
        noise_floor: one.noiseFloor,
        can_relay: one.canRelay === null ? null : Number(one.canRelay),
      });
    } else said["clock_skew_seconds"] = one.clockSkewSeconds;
    const known = observers.get(one.observer.id) ?? {};
    for (const [key, value] of Object.entries(said)) if (value !== null) known[key] = value;
    known["packet_count"] = Number(known["packet_count"] ?? 0) + 1;
    observers.set(one.observer.id, known);
  }
  const golden = fixtureLines("golden/observers.jsonl");
  assert.deepEqual([...observers.keys()].sort(), golden.map((row) => row.id).sort());
  for (const row of golden) {
    const known = observers.get(row.id)!;
    for (
      const key of [
        "name",
        "iata",
        "model",
        "firmware",
        "client_version",
        "radio",
        "battery_mv",
        "uptime_secs",
        "noise_floor",
        "packet_count",
      ]
    ) {
      if (key === "name" && row.name === "") continue;
      assert.equal(known[key] ?? null, row[key], `${key} of ${row.id}`);
    }
    assert.equal(known["can_relay"] ?? 1, row.can_relay);
    const skew = known["clock_skew_seconds"];
    assert.equal(skew === undefined, row.clock_skew_seconds === null);
    if (skew !== undefined) assert.ok(Math.abs(Number(skew) - row.clock_skew_seconds) <= 1);
  }
});

function withoutKeys(row: Record<string, unknown>, ...keys: readonly string[]) {
  return Object.fromEntries(
    Object.entries(row).filter(([key]) => key !== "_order" && !keys.includes(key)),
  );
}

function sorted<T>(rows: readonly T[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}
