import assert from "node:assert/strict";
import fc from "fast-check";
import type { CommitSummary } from "../../src/capture/network.ts";
import { isMetricsPrefix, metricName, METRICS } from "../../src/observe/metric_definitions.ts";
import { Metrics } from "../../src/observe/metrics.ts";
import { MetricsObserver } from "../../src/observe/metrics_observer.ts";
import { metricsReference } from "../../src/observe/metrics_reference.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

const memoryUsage = () => ({ rss: 100, heapUsed: 50, external: 5 });

function setUp(prefix = "meshcapture", sources: readonly string[] = ["home"]) {
  const clock = new ManualClock();
  const metrics = new Metrics({ prefix, version: "1.2.3", clock, memoryUsage });
  const observer = new MetricsObserver(metrics, {
    clock,
    sources,
    networks: [{
      name: "meshtastic",
      types: ["POSITION_APP", "TEXT_MESSAGE_APP"],
      dropReasons: ["too_large", "json"],
      decryptResults: ["none", "hash", "no_key"],
      jobs: ["retention"],
    }],
  });
  return { clock, metrics, observer };
}

/** Value of the series that starts with `series`. */
async function value(metrics: Metrics, series: string): Promise<number | undefined> {
  for (const line of (await metrics.render()).split("\n")) {
    if (line.startsWith(`${series} `)) return Number(line.slice(series.length + 1));
  }
  return undefined;
}

/** Prometheus' text format, one line. */
const LINE =
  /^(#\s(HELP|TYPE)\s[a-zA-Z_:][\w:]*\s.*|[a-zA-Z_:][\w:]*(\{([a-z_]+="([^"\\\n]|\\["\\n])*",?)+\})? (-?[\d.e+-]+|[+-]Inf|NaN))?$/u;

Deno.test("metricName() joins prefix and name by one underscore", () => {
  const name = "meshpipe_capture_messages_received_total";
  assert.equal(metricName("meshpipe_capture", "messages_received_total"), name);
  assert.equal(metricName("meshpipe_capture_", "messages_received_total"), name);
  assert.throws(() => metricName("no-good", "x"), RangeError);
});

Deno.test("isMetricsPrefix() refuses what Prometheus would refuse", () => {
  for (const good of ["a", "mesh_capture_", "a:b", "_a"]) assert.ok(isMetricsPrefix(good), good);
  for (const bad of ["", "_", "1a", "a-b", "a b", "ä", "a\n"]) {
    assert.ok(!isMetricsPrefix(bad), bad);
  }
});

Deno.test("Metrics shows every metric of the table under the prefix", async () => {
  const { metrics } = setUp("meshpipe_capture");
  const text = await metrics.render();
  for (const [name, definition] of Object.entries(METRICS)) {
    assert.ok(text.includes(`# TYPE meshpipe_capture_${name} ${definition.kind}\n`), name);
  }
});

Deno.test("Metrics has every metric of meshpipe under meshpipe's name", async () => {
  const { metrics } = setUp("meshpipe_capture");
  const text = await metrics.render();
  for (
    const name of [
      "messages_received_total",
      "decode_errors_total",
      "store_errors_total",
      "packets_stored_total",
      "storage_queue_depth",
      "node_upserts_total",
      "text_messages_stored_total",
      "positions_stored_total",
      "telemetry_stored_total",
      "pipeline_errors_total",
      "messages_dropped_total",
    ] as const
  ) {
    assert.match(text, new RegExp(`^meshpipe_capture_${name}\\{.*\\} 0$`, "m"));
    assert.equal("meshpipe" in METRICS[name], true, name);
  }
});

Deno.test("Metrics says what runs and how much memory it takes", async () => {
  const { metrics, clock } = setUp();
  const info = `meshcapture_build_info{version="1.2.3",deno="${Deno.version.deno}"}`;
  assert.equal(await value(metrics, info), 1);
  assert.equal(await value(metrics, "meshcapture_memory_rss_bytes"), 100);
  assert.equal(await value(metrics, "meshcapture_start_time_seconds"), clock.now() / 1000);
});

Deno.test("Metrics.render() reads the process's memory by default", async () => {
  const metrics = new Metrics({ version: "1" });
  assert.ok((await value(metrics, "meshcapture_memory_rss_bytes") ?? 0) > 1e6);
});

Deno.test("Metrics.render() answers though a collector fails and another hangs", async () => {
  const { clock, metrics } = setUp();
  metrics.addCollector(() => Promise.reject(new Error("no")));
  metrics.addCollector(() => {
    throw new Error("no");
  });
  metrics.addCollector(() => new Promise<void>(() => {}));
  const rendering = metrics.render();
  await clock.advance(1000);
  assert.match(await rendering, /meshcapture_build_info/);
});

Deno.test("Metrics.render() waits for nobody where every collector has answered", async () => {
  const { clock, metrics } = setUp();
  let answered = 0;
  metrics.addCollector(() => {
    answered++;
  });
  const rendering = metrics.render();
  assert.deepEqual([answered, clock.armed], [1, 0], "no collector is waited for, no clock either");
  await rendering;
});

Deno.test("Metrics.counter() refuses a metric of another kind", () => {
  const { metrics } = setUp();
  assert.throws(() => metrics.counter("source_up", { source: "x" }), TypeError);
  assert.throws(() => metrics.gauge("commits_total", { network: "x" }), TypeError);
  assert.throws(() => metrics.histogram("commits_total", { network: "x" }), TypeError);
});

Deno.test("MetricsObserver counts what the pipeline tells", async () => {
  const { metrics, observer } = setUp();
  observer.received("home", 0);
  observer.received("home", 1);
  observer.received("home", 1);
  observer.dropped("meshtastic", "home", "json");
  observer.duplicate("home");
  observer.stored("meshtastic", true, 7);
  observer.stored("meshtastic", false, 2);
  observer.storeError("meshtastic", "disk_full");
  observer.quarantined("meshtastic", 3);
  observer.jobFailed("meshtastic", "retention");
  observer.queue("meshtastic", 11, 2048);
  observer.pipelineError("meshtastic");
  observer.sourceUp("home", true);
  observer.sourceReconnect("home");
  observer.captureGap("home", "session_lost");
  const expected: Record<string, number> = {
    'messages_received_total{source="home",qos="0"}': 1,
    'messages_received_total{source="home",qos="1"}': 2,
    'messages_dropped_total{network="meshtastic",reason="json"}': 1,
    'duplicates_skipped_total{source="home"}': 1,
    'job_failures_total{network="meshtastic",background_job="retention"}': 1,
    'packets_stored_total{network="meshtastic",processed_successfully="true"}': 7,
    'packets_stored_total{network="meshtastic",processed_successfully="false"}': 2,
    'store_errors_total{network="meshtastic",reason="disk_full"}': 1,
    'store_errors_total{network="meshtastic",reason="locked"}': 0,
    'quarantined_total{network="meshtastic"}': 3,
    'storage_queue_depth{network="meshtastic"}': 11,
    'storage_queue_bytes{network="meshtastic"}': 2048,
    'pipeline_errors_total{network="meshtastic"}': 1,
    'source_up{source="home"}': 1,
    'source_reconnects_total{source="home"}': 1,
    'capture_gaps_total{source="home",reason="session_lost"}': 1,
  };
  for (const [series, n] of Object.entries(expected)) {
    assert.equal(await value(metrics, `meshcapture_${series}`), n, series);
  }
  observer.received("home", 1);
  const again = await value(metrics, 'meshcapture_messages_received_total{source="home",qos="1"}');
  assert.equal(again, 3, "a scrape takes nothing away");
});

Deno.test("MetricsObserver.decoded() tells an unreadable packet from one without a key", async () => {
  const { metrics, observer } = setUp();
  observer.decoded("meshtastic", { type: "POSITION_APP", decrypt: "hash", readable: true });
  observer.decoded("meshtastic", { type: "POSITION_APP", decrypt: "none", readable: false });
  observer.decoded("meshtastic", { type: "UNKNOWN_APP", decrypt: "no_key", readable: false });
  const network = 'network="meshtastic"';
  assert.equal(await value(metrics, `meshcapture_decode_errors_total{${network}}`), 1);
  assert.equal(
    await value(metrics, `meshcapture_decrypt_results_total{${network},result="no_key"}`),
    1,
  );
  assert.equal(
    await value(metrics, `meshcapture_packets_decoded_total{${network},type="POSITION_APP"}`),
    2,
  );
});

Deno.test("MetricsObserver counts what is in no closed set as other", async () => {
  const { metrics, observer } = setUp();
  for (let i = 0; i < 1000; i++) {
    observer.decoded("meshtastic", { type: `T${i}`, decrypt: `D${i}`, readable: true });
    observer.dropped("meshtastic", "home", `R${i}`);
    observer.received(`S${i}`, 0);
  }
  const network = 'network="meshtastic"';
  for (
    const series of [
      `packets_decoded_total{${network},type="other"}`,
      `decrypt_results_total{${network},result="other"}`,
      `messages_dropped_total{${network},reason="other"}`,
      'messages_received_total{source="other",qos="0"}',
    ]
  ) assert.equal(await value(metrics, `meshcapture_${series}`), 1000, series);
  assert.ok((await metrics.render()).length < 30_000);
});

Deno.test("MetricsObserver ignores a network that nobody configured", async () => {
  const { metrics, observer } = setUp();
  observer.dropped("meshcore", "home", "json");
  observer.committed("meshcore", 1, { counts: {}, durationMs: 1 });
  assert.ok(!(await metrics.render()).includes('network="meshcore"'));
});

Deno.test("MetricsObserver.committed() fills histograms and the counters of tables", async () => {
  const { metrics, observer } = setUp();
  const summary: CommitSummary = {
    counts: { nodes: 4, texts: 1, positions: 2, telemetry: 3, packets: 10 },
    durationMs: 30,
  };
  observer.committed("meshtastic", 10, summary);
  const network = 'network="meshtastic"';
  const expected: Record<string, number> = {
    [`commits_total{${network}}`]: 1,
    [`commit_batch_size_sum{${network}}`]: 10,
    [`commit_batch_size_bucket{le="5",${network}}`]: 0,
    [`commit_batch_size_bucket{le="10",${network}}`]: 1,
    [`commit_seconds_sum{${network}}`]: 0.03,
    [`node_upserts_total{${network}}`]: 4,
    [`text_messages_stored_total{${network}}`]: 1,
    [`positions_stored_total{${network}}`]: 2,
    [`telemetry_stored_total{${network}}`]: 3,
  };
  for (const [series, n] of Object.entries(expected)) {
    assert.equal(await value(metrics, `meshcapture_${series}`), n, series);
  }
});

Deno.test("MetricsObserver shows the age of the last message, from the start on", async () => {
  const { clock, metrics, observer } = setUp();
  const series = 'meshcapture_source_last_message_age_seconds{source="home"}';
  await clock.advance(5000);
  assert.equal(await value(metrics, series), 5);
  observer.received("home", 0);
  await clock.advance(2000);
  clock.jump(-3_600_000);
  assert.equal(await value(metrics, series), 2);
});

Deno.test("MetricsObserver.storeStats() shows the sizes of the database", async () => {
  const { metrics, observer } = setUp();
  observer.storeStats("meshtastic", {
    databaseBytes: 4096,
    walBytes: 512,
    freeBytes: 0,
    pendingJobs: [],
  });
  assert.equal(await value(metrics, 'meshcapture_database_bytes{network="meshtastic"}'), 4096);
  assert.equal(await value(metrics, 'meshcapture_database_wal_bytes{network="meshtastic"}'), 512);
});

Deno.test("Metrics.render() keeps the format whatever a source is called", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.string({ unit: "binary", minLength: 1 }), { maxLength: 4 }),
      async (sources) => {
        const { metrics, observer } = setUp("m", sources);
        for (const source of sources) observer.received(source, 1);
        const text = await metrics.render();
        assert.ok(text.endsWith("\n"));
        assert.ok(text.isWellFormed());
        for (const line of text.split(/[\n\r\u2028\u2029\u0085\v\f]/u)) {
          assert.match(line, LINE);
        }
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("metricsReference() is what docs/metrics.md holds", () => {
  const path = new URL("../../docs/metrics.md", import.meta.url);
  assert.equal(Deno.readTextFileSync(path), metricsReference());
});

Deno.test("metricsReference() explains every label", () => {
  const text = metricsReference();
  for (const definition of Object.values(METRICS)) {
    const labels: readonly string[] = "labels" in definition ? definition.labels : [];
    for (const label of labels) assert.match(text, new RegExp(`^\\| \`${label}\` \\| `, "m"));
  }
});
