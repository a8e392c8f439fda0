import assert from "node:assert/strict";
import { pageToken, pageTokenSections } from "../../src/cli/page_token.ts";
import type { CoreConfig } from "../../src/config/schema.ts";

const token = (
  settings: { token?: string; token_file?: string; page_access?: string },
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
  const two = () => "correct-horse\nbattery-staple\n";
  assert.throws(() => token({ token_file: "/t" }, two), /spaces, line ends or characters/);
  assert.equal(token({ token_file: "/t", page_access: "off" }, missing), undefined);
  assert.throws(() => token({ token_file: "/t" }, () => "secret\n"), (error: unknown) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, /at least 16/);
    assert.ok(!error.message.includes("secret"));
    return true;
  });
});

Deno.test("pageTokenSections() says what keeps the token's file from being used", () => {
  const sections = (path: string | undefined, page_access = "local") =>
    pageTokenSections(
      { token_file: path, page_access } as CoreConfig["observability"],
      (name) => {
        if (name === "/good") return "correct-horse-battery\n";
        throw new Deno.errors.PermissionDenied("no entry");
      },
    ).flatMap(({ findings }) => findings.map(({ severity, text }) => `${severity}: ${text}`));
  assert.deepEqual(sections(undefined), []);
  assert.deepEqual(sections("/bad", "off"), []);
  assert.deepEqual(sections("/good"), ["good: its token is in /good"]);
  assert.deepEqual(sections("/bad"), [
    "bad: observability.token_file /bad cannot be read: no entry",
  ]);
});
