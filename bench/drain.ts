/**
 * The cheapest subscriber there is: takes what the broker delivers, acknowledges it at once and
 * throws it away. Stands for the traffic beside the bare loop.
 *
 *     drain.ts PORT FILTER
 *
 * @module
 */
import { ready, say } from "./child.ts";
import { MqttLink } from "./mqtt_link.ts";
import { pubackPackets, PUBLISH, publishId } from "./mqtt_wire.ts";

const [port, filter] = Deno.args;
let received = 0;
let ids: number[] = [];
const link = await MqttLink.open(Number(port), "bench-drain", false, (type, flags, body) => {
  if (type !== PUBLISH) return;
  received++;
  if ((flags >> 1 & 3) === 0) return;
  // What came in one read is answered by one write.
  if (ids.length === 0) queueMicrotask(acknowledge);
  ids.push(publishId(body));
});
await link.subscribe(filter!, 1);

function acknowledge(): void {
  void link.send(pubackPackets(ids));
  ids = [];
}

const lines = await ready();
await lines.next();
say({ received });
Deno.exit();
