import assert from "node:assert/strict";
import fc from "fast-check";
import {
  escapeUnsafe,
  formatJson,
  formatText,
  type LogEntry,
  plainValue,
} from "../../src/observe/log_format.ts";

function entry(fields: Record<string, unknown>, message = "packet dropped"): LogEntry {
  return { timestamp: 1_760_000_000_000, level: "warn", category: "mqtt", message, fields };
}

/** Line ends as any reader may see them, control characters, direction marks. */
// deno-lint-ignore no-control-regex
const BREAKS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

Deno.test("formatText() writes time, level, category, message and fields", () => {
  assert.equal(
    formatText(entry({ source: "home", count: 3, ok: true, nothing: undefined })),
    "2025-10-09T08:53:20.000Z WARN  mqtt: packet dropped source=home count=3 ok=true\n",
  );
});

Deno.test("formatText() quotes what could be taken for more than one value", () => {
  assert.equal(
    formatText(entry({ name: "a b=c", quote: 'say "hi"', empty: "", list: ["x", 1] })).split(
      "dropped",
    )[1],
    String.raw` name="a b=c" quote="say \"hi\"" empty="" list=["x",1]` + "\n",
  );
});

Deno.test("formatText() does not let a node's name begin a line of its own", () => {
  const line = formatText(entry({ name: "x\n2025-10-09T08:53:20.000Z ERROR storage: disk full" }));
  assert.equal(line.match(/\n/g)?.length, 1);
  assert.match(line, /name="x\\n2025-/);
});

Deno.test("formatText() escapes terminal sequences and direction marks", () => {
  const line = formatText(entry({ name: "\u001b[2J\u009b31m\u202egpj.exe\u2028" }));
  assert.ok(!BREAKS.test(line.slice(0, -1)));
  assert.match(line, /\\u001b\[2J\\u009b31m\\u202egpj\.exe\\u2028/);
});

Deno.test("formatText() leaves letters of every language and emoji as they are", () => {
  assert.match(formatText(entry({ name: "Żółw🐢" })), /name=Żółw🐢\n$/);
});

Deno.test("formatText() gives one line for any fields and any message", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: "binary" }), fc.anything()),
      fc.string({ unit: "binary" }),
      (fields, message) => {
        const line = formatText(entry(fields, message));
        assert.ok(line.endsWith("\n"));
        assert.ok(!BREAKS.test(line.slice(0, -1)));
        assert.ok(line.isWellFormed());
      },
    ),
  );
});

Deno.test("formatJson() gives one line of JSON for any fields and any message", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: "binary" }), fc.anything()),
      fc.string({ unit: "binary" }),
      (fields, message) => {
        const line = formatJson(entry(fields, message));
        assert.ok(!BREAKS.test(line.slice(0, -1)));
        const parsed = JSON.parse(line);
        assert.equal(parsed.level, "warn");
        assert.equal(parsed.category, "mqtt");
      },
    ),
  );
});

Deno.test("formatJson() keeps the values that a field had", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 100 }), (name) => {
      fc.pre(!name.includes("://"));
      assert.equal(JSON.parse(formatJson(entry({ name }))).fields.name, name);
    }),
  );
});

Deno.test("formatJson() does not let a field stand for level or time", () => {
  const parsed = JSON.parse(formatJson(entry({ level: "debug", time: "never", __proto__x: 1 })));
  assert.equal(parsed.level, "warn");
  assert.equal(parsed.time, "2025-10-09T08:53:20.000Z");
  assert.equal(parsed.fields.level, "debug");
});

Deno.test("formatJson() shows no secret, by name or in a URL", () => {
  const line = formatJson(entry({
    password: "hunter2",
    grpcAuthToken: "hunter2",
    default_channel_key: "hunter2",
    nested: { psk: new Uint8Array([1]), url: "mqtt://me:hunter2@broker" },
    error: new Error("cannot reach mqtt://me:hunter2@broker", {
      cause: "wss://x?token=hunter2",
    }),
    url: new URL("mqtt://me:hunter2@broker"),
  }));
  assert.ok(!line.includes("hunter2"), line);
  assert.match(line, /"psk":"\*\*\*"/);
  assert.match(line, /mqtt:\/\/broker/);
});

Deno.test("formatText() masks secrets by the end of a field's name, and nothing else", () => {
  for (const name of ["pass", "mqtt_pass", "brokerPassword", "passwd", "PSK", "auth-token"]) {
    assert.match(formatText(entry({ [name]: "x" })), /=\*\*\*\n$/, name);
  }
  for (const name of ["compass", "password_file", "capture_key", "key_name", "tokens_left"]) {
    assert.match(formatText(entry({ [name]: "x" })), /=x\n$/, name);
  }
});

Deno.test("formatText() hides a password that a cut would separate from its @", () => {
  const line = formatText(entry({ url: `mqtt://user:${"s".repeat(1990)}§${"s".repeat(50)}@host` }));
  assert.ok(!line.includes("sss"));
});

Deno.test("plainValue() bounds depth, length and number", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  assert.equal(JSON.stringify(plainValue(cycle)).length < 100, true);
  assert.equal((plainValue("x".repeat(5000)) as string).length, 2001);
  assert.equal((plainValue(Array(1000).fill(1)) as unknown[]).length, 51);
  assert.equal(plainValue(new Uint8Array(300)), "[300 bytes]");
  assert.equal(plainValue(10n ** 30n), "1000000000000000000000000000000");
  assert.equal(plainValue(Number.NaN), "NaN");
});

Deno.test("plainValue() passes over what throws when it is read", () => {
  const trap = {
    get value(): never {
      throw new Error("no");
    },
  };
  assert.equal(plainValue(trap), "[unreadable]");
});

Deno.test("plainValue() names an error's causes, and the place of a fault", () => {
  const error = new Error("taken", { cause: new TypeError("oops") });
  error.name = "AddrInUse";
  assert.match(plainValue(error) as string, /^AddrInUse: taken; caused by TypeError: oops \(at /);
});

Deno.test("escapeUnsafe() escapes a lone surrogate and keeps a pair", () => {
  assert.equal(escapeUnsafe("a\ud800b🐢"), "a\\ud800b🐢");
});
