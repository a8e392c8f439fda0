/** What `scripts/compile.sh` bundles: `main.ts`, and before it what bundled npm packages need. @module */
import "./node_globals.ts";
import { main } from "../src/cli/main.ts";
import { processTerminal } from "../src/cli/terminal.ts";

Deno.exit(await main(Deno.args, processTerminal()));
