import assert from "node:assert/strict";
import { dictionary, dictionaryPage } from "../../scripts/dictionary.ts";

Deno.test("the dictionary says what every column of every table holds", () => {
  const databases = dictionary();
  assert.deepEqual(databases.map(({ network }) => network), ["Meshtastic", "MeshCore"]);
  for (const { tables } of databases) {
    assert.ok(tables.length > 12);
    const mute = tables.flatMap((table) =>
      table.columns.filter(({ meaning }) => (meaning ?? "").length < 3)
        .map(({ name }) => `${table.name}.${name}`)
    );
    assert.deepEqual(mute, []);
  }
});

Deno.test("docs/dictionary.md is what the migrations make", () => {
  const text = Deno.readTextFileSync(new URL("../../docs/dictionary.md", import.meta.url));
  assert.ok(text === dictionaryPage(), "run `deno task docs`");
});
