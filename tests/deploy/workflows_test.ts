/** The workflows of GitHub run tasks that exist, with actions of a fixed commit and few rights. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { fromFileUrl } from "../helpers/paths.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));
const read = (path: string) => Deno.readTextFileSync(TOP + path);

interface Workflow {
  readonly permissions: Record<string, string>;
  readonly jobs: Record<string, {
    readonly "timeout-minutes": number;
    readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
  }>;
}

const workflows = [".github/workflows/ci.yml", ".github/workflows/release.yml"]
  .map((path) => ({ path, text: read(path), workflow: parse(read(path)) as Workflow }));

Deno.test("workflows pin each action to a commit and end by themselves", () => {
  for (const { path, text, workflow } of workflows) {
    assert.deepEqual(workflow.permissions, { contents: "read" }, path);
    for (const [name, { "timeout-minutes": minutes, steps }] of Object.entries(workflow.jobs)) {
      assert.ok(minutes > 0 && minutes <= 60, `${path}: ${name}`);
      for (const { uses } of steps) if (uses) assert.match(uses, /@[0-9a-f]{40}$/);
    }
    // Says to a reader, and to dependabot, which version the commit is.
    for (const [, comment] of text.matchAll(/uses: \S+@[0-9a-f]{40}(.*)/g)) {
      assert.match(comment!, /^ # v\d+\.\d+\.\d+$/, path);
    }
  }
});

Deno.test("workflows run only tasks and files that are there, and all checks of the project", () => {
  const { tasks } = JSON.parse(read("deno.json")) as { tasks: Record<string, string> };
  const runs = workflows.flatMap(({ workflow }) =>
    Object.values(workflow.jobs).flatMap(({ steps }) => steps.map(({ run = "" }) => run))
  ).join("\n");
  const named = [...runs.matchAll(/deno task ([\w-]+)/g)].map(([, task]) => task!);
  for (const task of named) assert.ok(task in tasks, task);
  for (const task of ["check", "test", "faults", "compile", "executable-test"]) {
    assert.ok(named.includes(task), task);
  }
  for (const [path] of runs.matchAll(/\bdeploy\/[\w.-]+\.[\w-]+/g)) Deno.statSync(TOP + path);
});

Deno.test("workflows test with the Deno that the Dockerfile and CI build with", () => {
  const version = /^FROM .*denoland\/deno:(\S+) AS/m.exec(read("Dockerfile"))![1]!;
  assert.ok(read(".ci/run").includes(`deno@${version} task`));
  for (const { path, text } of workflows) {
    const used = [...text.matchAll(/deno-version: ([\d.]+)/g)].map(([, one]) => one);
    assert.ok(used.length > 0 && used.every((one) => one === version), path);
  }
});
