import assert from "node:assert/strict";
import { pageToken } from "../../src/cli/status_page.ts";
import type { CoreConfig } from "../../src/config/schema.ts";

const token = (
  settings: { token?: string; token_file?: string },
  readFile: (path: string) => string,
) => pageToken(settings as CoreConfig["observability"], readFile);

const noFile = (): string => assert.fail("no file is named");

Deno.test("pageToken() takes the token from the configuration or from its file", () => {
  assert.equal(token({}, noFile), undefined);
  assert.equal(token({ token: "correct-horse-battery" }, noFile), "correct-horse-battery");
  const readFile = (path: string) => path === "/t" ? " correct-horse-battery\n" : assert.fail(path);
  assert.equal(token({ token_file: "/t" }, readFile), "correct-horse-battery");
});

Deno.test("pageToken() refuses a file that cannot be read, and a token that could be tried out", () => {
  const missing = () => {
    throw new Deno.errors.NotFound("x");
  };
  assert.throws(() => token({ token_file: "/t" }, missing), /\/t cannot be read/);
  assert.throws(() => token({ token_file: "/t" }, () => "secret\n"), (error: unknown) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, /at least 16/);
    assert.ok(!error.message.includes("secret"));
    return true;
  });
});
