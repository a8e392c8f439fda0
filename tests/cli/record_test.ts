import assert from "node:assert/strict";
import { main } from "../../src/cli/main.ts";
import { JsonlWriter } from "../../src/recording/jsonl_writer.ts";
import { FakeTerminal } from "../helpers/fake_terminal.ts";
import { freePort } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { waitUntil } from "../helpers/wait.ts";
import { makeMalla } from "../meshtastic/old_databases.ts";

Deno.test("record writes what is published, acknowledges it, and ends upon a signal", async () => {
  using scratch = new Scratch();
  const [port, file] = [await freePort(), scratch.file("r.jsonl")];
  const terminal = new FakeTerminal();
  const set = ["--set", `sources.0.url=embedded://127.0.0.1:${port}`];
  const recording = main(["record", file, ...set], terminal);
  const connecting = async () => {
    try {
      return await Publisher.connect(port);
    } catch {
      return undefined;
    }
  };
  let publisher: Publisher | undefined;
  await waitUntil(async () => (publisher = await connecting()) !== undefined, "the broker");
  await publisher!.publish("msh/a", "one");
  await publisher![Symbol.asyncDispose]();
  terminal.signal();
  assert.equal(await recording, 0, terminal.err);
  assert.match(terminal.out, /^1 messages recorded in /);
  assert.equal(terminal.listening, 0);
  const line = JSON.parse(Deno.readTextFileSync(file));
  assert.deepEqual([line.topic, atob(line.payload_b64)], ["msh/a", "one"]);
});

Deno.test("record says that its file cannot be written, with exit code 1", async () => {
  using scratch = new Scratch();
  const terminal = new FakeTerminal();
  const set = ["--set", "sources.0.url=embedded://127.0.0.1:1"];
  const file = `${scratch.path}/no/such/folder.jsonl`;
  assert.equal(await main(["record", file, ...set], terminal), 1);
  assert.match(terminal.err, /cannot open .*folder\.jsonl for recording: /);
  assert.equal(terminal.listening, 0);
});

Deno.test("record leaves a file alone that another record command writes, with exit code 1", async () => {
  using scratch = new Scratch();
  const file = scratch.file("r.jsonl");
  await using other = new JsonlWriter(file);
  await other.start();
  const terminal = new FakeTerminal();
  const set = ["--set", "sources.0.url=embedded://127.0.0.1:1"];
  assert.equal(await main(["record", file, "--seconds", "0", ...set], terminal), 1);
  assert.match(terminal.err, /r\.jsonl is being written by another recording: end that one first/);
  assert.equal(terminal.out, "");
});

Deno.test("record appends to nothing but recordings, with exit code 1", async () => {
  using scratch = new Scratch();
  const file = scratch.file("malla.db");
  makeMalla(file, 15);
  const before = Deno.readFileSync(file);
  const terminal = new FakeTerminal();
  const set = ["--set", "sources.0.url=embedded://127.0.0.1:1"];
  assert.equal(await main(["record", file, "--seconds", "0", ...set], terminal), 1);
  assert.equal(terminal.err, `${file} is left as it is, for it is a database: name another file`);
  assert.deepEqual(Deno.readFileSync(file), before);
});

Deno.test("record names every source with its problem when none has ever connected, with exit code 1", async () => {
  using scratch = new Scratch();
  const [port, file] = [await freePort(), scratch.file("r.jsonl")];
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const terminal = new FakeTerminal();
  const urls = [`mqtt://127.0.0.1:${port}`, `mqtt://127.0.0.1:${taken.addr.port}`];
  const set = urls.flatMap((url, i) => [
    "--set",
    `sources.${i}.url=${url}`,
    "--set",
    `sources.${i}.name=${["away", "silent"][i]}`,
  ]);
  const recording = main(["record", file, ...set], terminal);
  await waitUntil(() => /source in trouble.*away/.test(terminal.err), "the trouble");
  const before = terminal.noted.length;
  terminal.signal();
  assert.equal(await recording, 1);
  assert.equal(terminal.out, `0 messages recorded in ${file}`);
  const [first, away, silent, ...more] = terminal.noted.slice(before);
  assert.equal(first, "no source was ever connected, so there was nothing to record:");
  assert.match(away!, new RegExp(`^away: ${urls[0]} cannot be reached: .*ECONNREFUSED`));
  assert.match(silent!, new RegExp(`^silent: ${urls[1]} has not answered`));
  assert.deepEqual(more, []);
});
