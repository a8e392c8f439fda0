import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connectAsync } from "mqtt";
import { silentLog } from "../../src/capture/log.ts";
import { EmbeddedBroker } from "../../src/mqtt/embedded_broker.ts";
import { waitUntil } from "../helpers/wait.ts";

Deno.test("EmbeddedBroker keeps its place in the stream when hundreds of packets come at once", async () => {
  const complaints: string[] = [];
  const note = (message: string, fields?: Record<string, unknown>) =>
    void complaints.push(`${message}: ${fields?.["error"]}`);
  const broker = new EmbeddedBroker({ port: 0 }, { ...silentLog, debug: note, warn: note });
  const topics: string[] = [];
  broker.attach({
    wants: () => true,
    take: (publication, settled) => {
      topics.push(publication.topic);
      settled();
    },
  });
  await broker.start();
  try {
    for (let round = 0; round < 6; round++) {
      const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
      client.on("error", (error) => complaints.push(error.message));
      for (let i = 0; i < 500; i++) {
        const qos = i % 2 === 0 ? 0 : 1;
        client.publish(`round/${round}/${i}`, Buffer.alloc(120, i), { qos });
      }
      const expected = (round + 1) * 500;
      await waitUntil(
        () => topics.length >= expected || complaints.length > 0,
        `${expected} arrive`,
      );
      assert.deepEqual(complaints, []);
      await client.endAsync();
    }
    assert.equal(new Set(topics).size, 3000);
  } finally {
    await broker[Symbol.asyncDispose]();
  }
});
