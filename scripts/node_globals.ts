/**
 * Gives a bundle what npm packages take for granted and have under `deno run`. Must be imported
 * before everything else.
 *
 * - Node's timers: bundled into our module, packages would get the web's before Deno 2.8, which are
 *   numbers without `refresh()` and `unref()`.
 * - `require` for Node's own modules: the bundler puts one in place only where it recognises its own
 *   minified text, which it does not under every name.
 *
 * @module
 */
import { createRequire } from "node:module";
import {
  clearImmediate,
  clearInterval,
  clearTimeout,
  setImmediate,
  setInterval,
  setTimeout,
} from "node:timers";

Object.assign(globalThis, {
  clearImmediate,
  clearInterval,
  clearTimeout,
  require: createRequire(import.meta.url),
  setImmediate,
  setInterval,
  setTimeout,
});
