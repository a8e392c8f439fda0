/**
 * Publishes live traffic at QoS 1 and a steady rate, until it is told otherwise: `pause` waits for
 * every PUBACK and says how many there are, `resume` goes on over a new connection, `count` only
 * says. So the number of messages that the broker has taken is known exactly.
 *
 *     paced_publisher.ts PORT NETWORK RATE
 *
 * @module
 */
import { ready, say } from "./child.ts";
import { MqttLink } from "./mqtt_link.ts";
import { PUBACK, publishPacket } from "./mqtt_wire.ts";
import { benchNetwork, rowMessages } from "./networks.ts";
import { pause, until } from "./until.ts";

/** Milliseconds between two looks at what is due. */
const TICK_MS = 5;
/** Messages that may wait for their PUBACK: far fewer than there are packet ids. */
const WINDOW = 5000;

const [port, name, rateText] = Deno.args;
const rate = Number(rateText);
const network = benchNetwork(name);
const traffic = rowMessages(network, 7, Date.now());
let link = await connect();
let sent = 0;
let acknowledged = 0;
let running = true;
let ended = false;

const lines = await ready();
const publishing = publish();
for await (const line of lines) {
  if (line === "pause") {
    running = false;
    await until(() => acknowledged === sent, "every PUBACK", 60_000, TICK_MS);
    await link.close();
  } else if (line === "resume") {
    link = await connect();
    running = true;
    continue;
  } else if (line === "end") {
    break;
  }
  say({ acknowledged });
}
ended = true;
await publishing;
Deno.exit();

function connect(): Promise<MqttLink> {
  return MqttLink.open(Number(port), `bench-paced-${network.name}`, true, (type) => {
    if (type === PUBACK) acknowledged++;
  });
}

async function publish(): Promise<void> {
  let due = 0;
  let before = performance.now();
  while (!ended) {
    await pause(TICK_MS);
    const now = performance.now();
    // What a pause or a busy machine has held up is not made up for: the rate is a rate.
    due = Math.min(due + (now - before) * rate / 1000, rate);
    before = now;
    while (running && due >= 1 && sent - acknowledged < WINDOW) {
      const { value } = await traffic.next();
      const { topic, payload } = value!;
      // Told to pause while the message was made: it goes first afterwards.
      if (!running) await until(() => running || ended, "the end of the pause", 600_000, TICK_MS);
      if (ended) return;
      due--;
      await link.send(publishPacket(topic, payload, 1, sent++ % 65_535 + 1));
    }
  }
}
