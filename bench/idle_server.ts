/**
 * An HTTP server that has nothing else to do: what an answer takes at least while others want the
 * same processors. Its first line after `ready` is its port.
 *
 *     idle_server.ts
 *
 * @module
 */
import { ready, say } from "./child.ts";

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  () => new Response("idle\n"),
);
const lines = await ready();
say(server.addr.port);
await lines.next();
