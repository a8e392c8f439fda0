/** Names and topics that mean harm reach database, log, metrics and health as mere text. @module */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { DatabaseSync } from "node:sqlite";
import { escapeUnsafe } from "../../src/observe/log_format.ts";
import { hostileObject, writeJson } from "../fuzz/hostile_json.ts";
import { HOSTILE_TEXTS } from "../fuzz/mutate.ts";
import { Random } from "../../src/traffic/random.ts";
import { freePort } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { ServiceProcess } from "../helpers/service_process.ts";
import { encode, envelope } from "../meshtastic/build.ts";
import { storedIn } from "./meshcore_helper.ts";
import { publishAll, type Published } from "./traffic_helper.ts";

const FORGED = "\n2026-01-01T00:00:00.000Z ERROR storage: the disk is full FORGED=1\n";
const NAMES = [
  ...HOSTILE_TEXTS,
  `x${FORGED}`,
  `x\r2026-01-01T00:00:00.000Z ERROR FORGED\r`,
  `x\u2028{"level":"error","message":"FORGED"}\u2029`,
  "FORGED\u001b[1A\u001b[2K",
  `x"} 1\nmeshcapture_FORGED{a="b`,
].map((name) => name.toWellFormed()).filter((name) => name !== "");

/** MQTT allows no NUL in a topic; its own wildcards are none when published. */
const TOPICS = NAMES.map((name) => name.replace(/[\0#+]/g, ""));

const utf8 = (text: string) => new Uint8Array(new TextEncoder().encode(text));

function hostileMessages(): Published[] {
  const messages: Published[] = [];
  const core = (topic: string, value: unknown) =>
    messages.push({ topic, payload: utf8(JSON.stringify(value)) });
  NAMES.forEach((name, i) => {
    const from = 0x1000 + i;
    const payload = encode("User", { id: name, long_name: name, short_name: name.slice(0, 4) });
    messages.push({
      topic: "msh/2/e/LongFast/!0a0b0c0d",
      payload: envelope({ from, id: from, decoded: { portnum: 4, payload } }, name, name),
    });
    const observer = "AB".repeat(31) + (16 + i).toString(16);
    const status = { origin: name, status: "online", model: name, stats: { battery_mv: name } };
    core(`meshcore/SJC/${observer}/status`, status);
  });
  const text = envelope({ decoded: { portnum: 1 } });
  for (const name of TOPICS) {
    // A topic on which nothing is expected is told in the log.
    messages.push({ topic: `msh/${name}`, payload: utf8("x") });
    messages.push({ topic: `msh/2/e/${name}/${name}`, payload: text });
    core(`meshcore/${name}/${name}/${name}`, {});
    core(`meshcore/${name}/${name}/packets`, { raw: "1500AABB" });
  }
  messages.push({ topic: `msh/2/e/${"x\n".repeat(32_760)}`, payload: text });
  // Bombs, deep nesting, prototype keys, numbers beyond all bounds.
  const random = new Random(5);
  for (let i = 0; i < 300; i++) {
    const bomb = writeJson(hostileObject(random, ["raw", "origin", "stats", "text", "gps"]));
    messages.push({ topic: "meshcore/SJC/x/status", payload: utf8(bomb) });
    messages.push({ topic: "meshcore/SJC/x/packets", payload: utf8(bomb) });
  }
  return messages;
}

/** The start of a line of ours, as text. */
const LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO |WARN |ERROR) [a-z_.]+: \S/;
/** A line of Prometheus' text format. */
const METRIC =
  /^(# (HELP|TYPE) [a-z_]+ .*|[a-z_]+(\{([a-z_]+="([^"\\\n]|\\["\\n])*",?)+\})? (-?[0-9.e+-]+|NaN|\+Inf))?$/;

for (const log_format of ["text", "json"] as const) {
  Deno.test(`run keeps hostile names as text and its ${log_format} log in order`, async () => {
    using scratch = new Scratch("hostile");
    const port = await freePort();
    const url = `embedded://127.0.0.1:${port}`;
    const meshcore = scratch.file("meshcore.db");
    await using service = await ServiceProcess.prepare({
      scratch,
      sources: [
        { name: "tastic'; --", url, topics: ["msh/#"] },
        { name: 'core"} 1', url, network: "meshcore", topics: ["meshcore/#"] },
      ],
      config: {
        meshcore: { database: meshcore, validate_signatures: false, client_rx_coverage: true },
      },
      args: [
        "--set",
        `observability.log_format=${log_format}`,
        "--set",
        "observability.log_level=debug",
      ],
    });
    await service.run();
    await service.healthy();
    await using publisher = await Publisher.connect(port);

    await publishAll(publisher, hostileMessages());
    await service.stored(NAMES.length + TOPICS.length + 1);
    await storedIn(service, meshcore, "observers", NAMES.length);

    // Metrics: the format holds, and no label has a value that a message brought.
    const metrics = (await service.fetchText("/metrics"))!.text;
    for (const line of metrics.split(/[\n\r\u2028\u2029\u0085]/u)) assert.match(line, METRIC);
    for (const word of ["FORGED", "alert", "DROP", "__proto__", "!ffffffff"]) {
      assert.ok(!metrics.includes(word), word);
    }
    const health = await service.health();
    assert.equal(health?.status, 200, JSON.stringify(health));
    assert.equal((await service.stop()).code, 0);

    // Log: one line is one line, of ours.
    const lines = service.log.trimEnd().split("\n");
    for (const line of lines) {
      assert.equal(line, escapeUnsafe(line));
      if (log_format === "text") assert.match(line, LINE);
      else assert.equal(typeof JSON.parse(line).time, "string");
    }
    assert.ok(lines.some((line) => line.includes("FORGED")), "a topic is told");

    // Databases: every name as it came, in rows of its own.
    // In hexadecimal, since node:sqlite reads a text up to its first NUL only.
    const names = service.query("SELECT node_id, hex(long_name) AS name FROM node_info");
    for (const [i, name] of NAMES.entries()) {
      const row = names.find((one) => one["node_id"] === 0x1000 + i);
      assert.equal(row?.["name"], Buffer.from(name).toString("hex").toUpperCase());
    }
    for (const path of [service.database, meshcore]) {
      const db = new DatabaseSync(path, { readOnly: true });
      assert.deepEqual({ ...db.prepare("PRAGMA integrity_check").get() }, {
        integrity_check: "ok",
      });
      const quarantined = db.prepare("SELECT count(*) AS n FROM capture_quarantine").get();
      assert.equal(quarantined?.["n"], 0);
      db.close();
    }
  });
}
