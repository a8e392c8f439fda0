/**
 * Gives a bundle Node's timers as globals. npm packages have them under `deno run`; bundled into our
 * module they would get the web's before Deno 2.8, which are numbers without `refresh()` and
 * `unref()`. Must be imported before everything else.
 *
 * @module
 */
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
  setImmediate,
  setInterval,
  setTimeout,
});
