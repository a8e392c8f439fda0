/** Folders for one test, inside the only place that tests may write. @module */
import { fromFileUrl } from "./paths.ts";

const ROOT = fromFileUrl(new URL("../.tmp/", import.meta.url));

/** A folder of a test's own, removed when it is disposed of. */
export class Scratch implements Disposable {
  readonly path: string;

  constructor(name = "t") {
    Deno.mkdirSync(ROOT, { recursive: true });
    this.path = `${ROOT}${name}-${crypto.randomUUID().slice(0, 8)}`;
    Deno.mkdirSync(this.path);
  }

  /** Path of a file in the folder. */
  file(name: string): string {
    return `${this.path}/${name}`;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
