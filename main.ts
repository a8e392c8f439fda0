/** The door: hands the arguments to the command line. @module */
import { main } from "./src/cli/main.ts";
import { processTerminal } from "./src/cli/terminal.ts";

if (import.meta.main) Deno.exit(await main(Deno.args, processTerminal()));
