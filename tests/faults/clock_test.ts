/** A wall clock that jumps while the service runs, and between its runs. @module */
import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../src/capture/clock.ts";
import { main } from "../../src/cli/main.ts";
import { trafficConfig } from "../../src/meshcore/traffic_generator.ts";
import { FakeTerminal } from "../helpers/fake_terminal.ts";
import { freePort, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, queryDatabase } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { assertReceptions, distinctReceptions, rowsOf } from "../integration/meshcore_helper.ts";
import { assertExactlyOnce, distinctTraffic, publishAll } from "../integration/traffic_helper.ts";
import { patientBroker } from "./both_networks.ts";

const STEP = 100;
const YEARS = 365 * 86_400_000;

/** The machine's clock, set by a test. */
class SetClock implements Clock {
  offset = 0;
  now = () => systemClock.now() + this.offset;
  monotonic = systemClock.monotonic;
  setTimer = systemClock.setTimer;
  clearTimer = systemClock.clearTimer;
}

mosquittoTest(
  "run goes on through a clock that jumps by years, and deletes nothing by it",
  async () => {
    await using broker = await patientBroker("persistence true", "persistence_location %DIR%/");
    using scratch = new Scratch("clock");
    const http = await freePort();
    const meshtastic = scratch.file("meshtastic.db");
    const meshcore = scratch.file("meshcore.db");
    const file = scratch.file("config.yaml");
    Deno.writeTextFileSync(
      file,
      JSON.stringify({
        sources: [
          { name: "mesh", url: broker.url, reconnect: { min_ms: 20, max_ms: 200 } },
          {
            name: "core",
            url: broker.url,
            network: "meshcore",
            reconnect: { min_ms: 20, max_ms: 200 },
          },
        ],
        observability: { address: `127.0.0.1:${http}`, log_level: "error" },
        meshtastic: { database: meshtastic, retention_hours: 24 },
        meshcore: { database: meshcore, ...trafficConfig, retention: { packet_days: 1 } },
      }),
    );
    const packets = distinctTraffic(8 * STEP, 68);
    const receptions = await distinctReceptions(8 * STEP, 68);
    const clock = new SetClock();
    let sent = 0;

    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${http}${path}`);
      return { status: response.status, text: await response.text() };
    };
    const publish = async () => {
      await using publisher = await Publisher.connect(broker.port);
      await publishAll(publisher, packets.slice(sent, sent + STEP));
      await publishAll(publisher, receptions.slice(sent, sent + STEP));
      sent += STEP;
    };
    /** All is stored, and nothing that is shown is of a time that cannot be. */
    const well = async (when: string) => {
      await waitUntil(
        () =>
          rowsOf(meshtastic, "packet_history") >= sent && rowsOf(meshcore, "observations") >= sent,
        `all is stored: ${when}`,
        60_000,
      );
      await waitUntil(
        () => get("/healthz").then(({ status, text }) => status === 200 && !/"reason"/.test(text)),
        `it is well: ${when}`,
        60_000,
      );
      const { text } = await get("/metrics");
      assert.doesNotMatch(text, /^meshcapture_\S+ (-|NaN)/m, when);
      assert.doesNotMatch((await get("/healthz")).text, /"seconds":\s*-/, when);
    };
    const run = async () => {
      const terminal = new FakeTerminal({ clock });
      const running = main(["run", "--config", file], terminal);
      await waitUntil(
        () => get("/readyz").then(({ status }) => status === 200, () => false),
        "it is ready",
        60_000,
      );
      return async () => {
        terminal.signal("SIGTERM");
        assert.equal(await running, 0);
      };
    };

    let stop = await run();
    await publish();
    await well("at first");
    for (const offset of [10 * YEARS, -50 * YEARS, 0]) {
      // With the broker away, so that waits and gaps begin on one side of the jump and end beyond it.
      await broker.stop();
      clock.offset = offset;
      await broker.run();
      await publish();
      await well(`${offset / YEARS} years off`);
    }
    await stop();
    for (const offset of [10 * YEARS, -50 * YEARS, 0]) {
      clock.offset = offset;
      stop = await run();
      await publish();
      await well(`started ${offset / YEARS} years off`);
      await stop();
    }
    stop = await run();
    await publish();
    await well("at last");
    await stop();

    assertExactlyOnce({ database: meshtastic }, packets);
    assertReceptions(meshcore, receptions);
    const now = Date.now() / 1000;
    for (const path of [meshtastic, meshcore]) {
      const [source] = queryDatabase(path, "SELECT heard_until FROM capture_sources");
      assert.ok(Math.abs(Number(source!["heard_until"]) - now) < 120, "heard until now");
      const gaps = queryDatabase(path, "SELECT from_time, to_time FROM capture_gaps");
      for (const gap of gaps) assert.ok(Number(gap["from_time"]) < Number(gap["to_time"]));
      figures("clock that jumps", { rows: sent, gaps: gaps.length });
    }
  },
);
