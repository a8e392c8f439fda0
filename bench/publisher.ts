/**
 * Publishes a file of traffic as fast as the broker takes it: packets are encoded before, and
 * written to a socket. At QoS 1 so many may wait for their PUBACK.
 *
 *     publisher.ts PORT FILE QOS
 *
 * @module
 */
import { ready, say } from "./child.ts";
import { MqttLink } from "./mqtt_link.ts";
import { PUBACK, publishPacket } from "./mqtt_wire.ts";
import { readTraffic } from "./traffic_file.ts";

/** Enough to keep the broker busy, and far below the number of packet ids. */
const WINDOW = 2000;
/** Bytes of a write. */
const CHUNK = 128 * 1024;

const [port, file, qosText] = Deno.args;
const qos = qosText === "1" ? 1 : 0;
const packets = readTraffic(file!).map(({ topic, payload }, i) =>
  publishPacket(topic, payload, qos, i % 65_535 + 1)
);
let acknowledged = 0;
let wake: () => void = () => {};
const link = await MqttLink.open(Number(port), `bench-publisher-${qos}`, true, (type) => {
  if (type !== PUBACK) return;
  acknowledged++;
  wake();
});

await ready();
const start = performance.now();
const buffer = new Uint8Array(CHUNK);
for (let next = 0; next < packets.length;) {
  const limit = qos === 1 ? Math.min(packets.length, acknowledged + WINDOW) : packets.length;
  let length = 0;
  while (next < limit && length + packets[next]!.length <= CHUNK) {
    buffer.set(packets[next]!, length);
    length += packets[next++]!.length;
  }
  if (length > 0) await link.send(buffer.subarray(0, length));
  else await new Promise<void>((resolve) => wake = resolve);
}
if (qos === 1) {
  while (acknowledged < packets.length) await new Promise<void>((resolve) => wake = resolve);
}
await link.close();
say({ published: packets.length, ms: performance.now() - start });
Deno.exit();
