/** What `scripts/compile.sh` bundles: `main.ts`, which is not the main module of a bundle. @module */
import { main } from "../src/cli/main.ts";
import { processTerminal } from "../src/cli/terminal.ts";

Deno.exit(await main(Deno.args, processTerminal()));
