import assert from "node:assert/strict";
import { httpReference } from "../../src/observe/http_reference.ts";

Deno.test("httpReference() is what docs/http.md holds; else run `deno task docs`", () => {
  const path = new URL("../../docs/http.md", import.meta.url);
  assert.equal(Deno.readTextFileSync(path), httpReference());
});

Deno.test("httpReference() names every address that the service answers at", () => {
  const text = httpReference();
  const sources = ["routes.ts", "page_routes.ts", "integrity.ts"].map((file) =>
    Deno.readTextFileSync(new URL(`../../src/observe/${file}`, import.meta.url))
  );
  // The page's two files have no line of their own: they belong to the page.
  const paths = [...sources.join("\n").matchAll(/path: "(\/[^"]*)"/g)].map((match) => match[1]!);
  assert.ok(paths.length >= 11, paths.join());
  for (const path of paths) assert.match(text, new RegExp(`\\| \`[A-Z]+ ${path}\` \\|`));
});
