/**
 * Writes `proto/messages.json` from the `.proto` files beside it. The service reads that instead: a
 * start has no 30 ms for parsing, and a parser that runs once is memory for ever.
 *
 * @module
 */
import { protoJson } from "./parse_proto_files.ts";

Deno.writeTextFileSync(new URL("../proto/messages.json", import.meta.url), protoJson());
