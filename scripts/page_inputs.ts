/** What the status page's bundle is made of. @module */
import { walkSync } from "./walk.ts";

/** Packages that are bundled. */
const PACKAGES = ["leaflet", "uplot"];

/**
 * A digest of everything that goes into the bundle: the page's sources, those of the service that
 * they import, and the packages' versions.
 *
 * @param top folder of the project.
 */
export async function pageInputs(top: string): Promise<string> {
  const own = walkSync(`${top}/src/observe/page`, ".ts");
  const shared = [`${top}/src/capture/page_view.ts`];
  const { imports } = JSON.parse(Deno.readTextFileSync(`${top}/deno.json`)) as {
    imports: Record<string, string>;
  };
  const parts = [...own, ...shared].sort().map((path) =>
    `${path.slice(top.length)}\n${Deno.readTextFileSync(path)}`
  );
  return await sha256([...PACKAGES.map((name) => imports[name]), ...parts].join("\n"));
}

/** SHA-256 of a text, in hex. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
