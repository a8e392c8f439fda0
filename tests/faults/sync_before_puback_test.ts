/** A trace of the real process: what was acknowledged had been synced to the disk before. @module */
import assert from "node:assert/strict";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { canTrace, packetId, packetsOf, parseTrace, type TracedCall } from "./trace.ts";
import { assertExactlyOnce, distinctTraffic, publishAll } from "../integration/traffic_helper.ts";

const ONE_BY_ONE = 15;
const BURST = 200;

const traceable = await canTrace();
if (!traceable) {
  // deno-lint-ignore no-console -- a skip must be seen
  console.warn("strace is missing or may not trace: 'a PUBACK follows the sync …' is skipped");
}

// Not `read`: sockets do without it, and all the program's sources would be in the trace.
const READS = ["recvfrom", "recvmsg"];
const WRITES = ["write", "writev", "sendto", "sendmsg"];
const SYNCS = ["fsync", "fdatasync"];
const WAL_WRITES = ["pwrite64", "write"];

for (const protocol of ["3.1.1", "5"]) {
  mosquittoTest(`a PUBACK follows the sync of its commit at ${protocol}`, async () => {
    const traffic = distinctTraffic(ONE_BY_ONE + BURST, 31);
    await using broker = await Mosquitto.start();
    using scratch = new Scratch("trace");
    const file = scratch.file("trace.txt");
    await using service = await ServiceProcess.start({
      scratch,
      sources: [{ name: "home", url: broker.url, protocol }],
      // `-D`: the tracer is the child and the service itself the process that we started.
      wrapper: [
        "strace",
        ...["-D", "-f", "-yy", "-xx", "-s", "70000", "-o", file],
        ...["-e", `trace=${[...new Set([...READS, ...WRITES, ...SYNCS, ...WAL_WRITES])].join()}`],
      ],
    });
    // The service notes that it listens, in a commit of its own; after it only messages commit.
    await waitUntil(() => {
      const [row] = service.query("SELECT heard_until FROM capture_sources");
      return typeof row?.["heard_until"] === "number";
    }, "the first note of being heard");
    await using publisher = await Publisher.connect(broker.port);
    for (let n = 0; n < ONE_BY_ONE; n++) {
      await publishAll(publisher, [traffic[n]!]);
      await service.stored(n + 1);
    }
    await publishAll(publisher, traffic.slice(ONE_BY_ONE));
    await service.stored(traffic.length);
    assert.equal((await service.stop()).code, 0);
    assertExactlyOnce(service, traffic);
    // The tracer outlives the process by a moment.
    let text = "";
    await waitUntil(() => {
      text = Deno.readTextFileSync(file);
      return text.trimEnd().endsWith("+++ exited with 0 +++");
    }, "the end of the trace");

    const calls = parseTrace(text);
    const socket = calls.filter(({ target }) =>
      target.startsWith("TCP") && target.endsWith(`->127.0.0.1:${broker.port}]`)
    );
    const wal = calls.filter(({ target }) => target === `${service.database}-wal`);
    const writes = wal.filter(({ name }) => WAL_WRITES.includes(name));
    const syncs = wal.filter(({ name }) => SYNCS.includes(name));
    const received = new Map(
      packetsOf(socket.filter(({ name }) => READS.includes(name)))
        .filter(({ type }) => type === 3)
        .map((packet) => [packetId(packet), packet.call]),
    );
    const acknowledged = packetsOf(socket.filter(({ name }) => WRITES.includes(name)))
      .filter(({ type }) => type === 4);
    assert.equal(received.size, traffic.length);
    assert.equal(acknowledged.length, traffic.length);

    acknowledged.forEach((packet, n) => {
      const id = packetId(packet);
      const publish = received.get(id);
      assert.ok(publish !== undefined, `PUBACK ${id} answers a PUBLISH`);
      const sync = syncBetween(publish, packet.call, writes, syncs);
      assert.ok(sync !== undefined, `write and sync between PUBLISH and PUBACK ${id}`);
      if (n >= ONE_BY_ONE) return;
      // Alone on its way: nothing at all of its commit was written after the sync.
      const late = writes.filter((write) =>
        write.endsAt > sync.beginsAt && write.beginsAt < packet.call.beginsAt
      );
      assert.equal(late.length, 0, `nothing written between the sync and PUBACK ${id}`);
    });
    figures(`traced at ${protocol}`, {
      PUBACKs: acknowledged.length,
      "syncs of the log": syncs.length,
      "writes of the log": writes.length,
    });
  }, { ignore: !traceable });
}

/** The last sync before `puback` that began after something was written after `publish`. */
function syncBetween(
  publish: TracedCall,
  puback: TracedCall,
  writes: readonly TracedCall[],
  syncs: readonly TracedCall[],
): TracedCall | undefined {
  return syncs.findLast((sync) =>
    sync.endsAt < puback.beginsAt &&
    writes.some((write) => write.beginsAt > publish.endsAt && write.endsAt < sync.beginsAt)
  );
}
