import assert from "node:assert/strict";
import { aroundEventLoop } from "../../src/capture/event_loop.ts";

Deno.test("aroundEventLoop() goes round many times while a timer does once, on Deno 2.4, too", async () => {
  let timers = 20;
  let timer = setTimeout(function again() {
    if (--timers > 0) timer = setTimeout(again, 0);
  }, 0);
  let rounds = 0;
  while (timers > 0 && rounds < 500) {
    await aroundEventLoop();
    rounds++;
  }
  clearTimeout(timer);
  // One that is a timer itself comes to about twenty, however busy the machine.
  assert.ok(rounds > 100, `${rounds} rounds`);
});

Deno.test("aroundEventLoop() lets a server answer between two slices of work", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("served"),
  );
  let answer: string | undefined;
  const asked = fetch(`http://127.0.0.1:${server.addr.port}/`)
    .then((response) => response.text())
    .then((text) => answer = text);
  let rounds = 0;
  while (answer === undefined && rounds++ < 100_000) await aroundEventLoop();
  assert.equal(answer, "served");
  await asked;
});
