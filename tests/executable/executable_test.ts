/** The compiled executable by itself: `deno task executable-test`. @module */
import assert from "node:assert/strict";
import { freePort } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, queryDatabase, testedExecutable } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { distinctTraffic, publishAll } from "../integration/traffic_helper.ts";

const executable = testedExecutable() ?? "TEST_EXECUTABLE names no executable";
const MB = 1e6;

/** Starts the executable in `cwd` with nothing of our environment but where programs are. */
function start(cwd: string, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command(executable, {
    args,
    cwd,
    clearEnv: true,
    env: { TMPDIR: cwd },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function end(child: Deno.ChildProcess): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

async function get(port: number, path: string): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    const text = await response.text();
    return response.status === 200 ? text : undefined;
  } catch {
    return undefined;
  }
}

Deno.test("the executable is at most 95 MB", () => {
  const { size } = Deno.statSync(executable);
  figures("executable", { MB: (size / MB).toFixed(1) });
  assert.ok(size <= 95 * MB, `${size} bytes`);
});

Deno.test("the executable runs from an empty directory, with one network and with both", async () => {
  for (const networks of [["meshtastic"], ["meshtastic", "meshcore"]]) {
    using scratch = new Scratch("executable");
    const [broker, http] = [await freePort(), await freePort()];
    const settings = networks.flatMap((network, i) => [
      `sources.${i}.name=${network}`,
      `sources.${i}.network=${network}`,
      `sources.${i}.url=embedded://127.0.0.1:${broker}`,
    ]);
    settings.push(
      `observability.address=127.0.0.1:${http}`,
      "observability.token=looking-is-allowed",
    );
    const args = settings.flatMap((one) => ["--set", one]);
    const began = performance.now();
    const child = start(scratch.path, "run", ...args);
    let ended = false;
    child.status.then(() => ended = true);
    await waitUntil(async () => ended || await get(http, "/readyz") !== undefined, "ready", 60_000);
    const readyMs = performance.now() - began;
    if (ended) assert.fail((await end(child)).text);
    const traffic = distinctTraffic(200, 5);
    {
      await using publisher = await Publisher.connect(broker);
      await publishAll(publisher, traffic, 1);
    }
    const metrics = (await get(http, "/metrics"))!;
    const rss = Number(/^meshcapture_memory_rss_bytes (\S+)$/m.exec(metrics)![1]);
    figures(networks.join(" and "), {
      "ready after ms": Math.round(readyMs),
      "resident MB": (rss / MB).toFixed(1),
    });
    child.kill("SIGTERM");
    const { code, text } = await end(child);
    assert.equal(code, 0, text);
    // What the runtime itself has to say is nothing to an operator.
    const strange = text.split("\n").filter((line) => !/^$|^\S+Z (INFO|WARN) /.test(line));
    assert.deepEqual(strange, []);
    const path = `${scratch.path}/meshtastic.db`;
    const [row] = queryDatabase(path, "SELECT count(*) AS n FROM packet_history");
    assert.equal(row!["n"], traffic.length, text);
    const files = [...Deno.readDirSync(scratch.path)].map(({ name }) => name)
      .filter((name) => !name.startsWith("deno-compile-"));
    const expected = networks.flatMap((name) => [`${name}.db`, `${name}.db.lock`]);
    for (const name of expected) assert.ok(files.includes(name), `${name} in ${files}`);
    assert.ok(files.every((name) => /^(meshtastic|meshcore|ingestor)/.test(name)), `${files}`);
  }
});

Deno.test("the executable keeps its commands and its health check without a configuration", async () => {
  using scratch = new Scratch("executable");
  const version = await end(start(scratch.path, "version"));
  assert.match(version.text, /^meshcapture \S+ \(Deno \S+, SQLite \S+\)\n$/);
  const port = await freePort();
  const away = await end(start(scratch.path, "healthcheck", "--address", `127.0.0.1:${port}`));
  assert.deepEqual([away.code, away.text.startsWith("unreachable: ")], [1, true], away.text);
  const help = await end(start(scratch.path, "--help"));
  assert.equal(help.code, 0);
  assert.match(help.text, /healthcheck/);
});
