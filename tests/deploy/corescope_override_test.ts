/** The compose override for CoreScope agrees with itself, the image, its page and the configuration. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { meshcoreConfigSection } from "../../src/meshcore/config.ts";
import { meshtasticConfigSection } from "../../src/meshtastic/config.ts";
import { fromFileUrl } from "../helpers/paths.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));
const read = (path: string) => Deno.readTextFileSync(TOP + path);

const override = z.strictObject({
  services: z.strictObject({
    corescope: z.strictObject({
      depends_on: z.array(z.literal("meshcapture")),
      volumes: z.array(z.string()),
      environment: z.array(z.string()),
    }),
    meshcapture: z.looseObject({
      image: z.string(),
      command: z.array(z.string()),
      user: z.string(),
      working_dir: z.string(),
      stop_grace_period: z.string().regex(/^\d+s$/),
      volumes: z.array(z.string()),
      env_file: z.array(z.strictObject({ path: z.string(), required: z.literal(false) })),
      environment: z.array(z.string()),
    }),
  }),
});

const { corescope, meshcapture } =
  override.parse(parse(read("deploy/corescope.override.yml"))).services;

/** `NAME=value` as Compose resolves it where nobody sets a variable. */
function variables(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(lines.map((line) => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1).replace(/\$\{\w+:-([^}]*)\}/g, "$1")];
  }));
}

Deno.test("corescope.override.yml mounts an executable stub over the ingestor", () => {
  const [stub, target, mode] = corescope.volumes[0]!.split(":");
  assert.deepEqual([target, mode], ["/app/corescope-ingestor", "ro"]);
  const file = `deploy/${stub!.replace("./", "")}`;
  assert.equal(Deno.statSync(TOP + file).mode! & 0o555, 0o555, `${file} can be executed`);
  assert.match(read(file), /^#!\/bin\/sh\n(#.*\n)*exec tail -f \/dev\/null\n$/);
});

Deno.test("corescope.override.yml gives both one statistics file on the shared volume", () => {
  const stats = variables(meshcapture.environment)["CORESCOPE_INGESTOR_STATS"];
  assert.deepEqual(variables(corescope.environment), { CORESCOPE_INGESTOR_STATS: stats });
  const [data, target] = meshcapture.volumes[0]!.split(/:(?=\/)/);
  assert.ok(stats!.startsWith(`${target}/`));
  assert.equal(meshcapture.env_file[0]!.path, `${data}/.env`);
});

Deno.test("corescope.override.yml agrees with the image", () => {
  const docker = read("Dockerfile");
  const data = /^VOLUME (\S+)$/m.exec(docker)![1]!;
  assert.match(docker, new RegExp(`^WORKDIR ${meshcapture.working_dir}$`, "m"));
  assert.equal(meshcapture.volumes[0]!.split(/:(?=\/)/)[1], data);
  assert.deepEqual(meshcapture.command, ["run"]);
  assert.match(docker, new RegExp(`^#   docker build -t ${meshcapture.image} `, "m"));
  // Whatever a variable of the image sets must not stand in for CoreScope's file.
  const empty = variables(meshcapture.environment);
  for (const [, name] of docker.matchAll(/^ENV (MESHCAPTURE_MESHCORE_\w+)=/gm)) {
    assert.equal(empty[name!], "", name!);
  }
});

Deno.test("corescope.override.yml runs on CoreScope's file as its ingestor would", () => {
  const env = variables(meshcapture.environment);
  const file = {
    port: 3000,
    mqttSources: [{ name: "local", broker: "mqtt://localhost:1883", topics: ["meshcore/#"] }],
    hashRegions: ["#belgium"],
  };
  const load = (more: Record<string, string>) => {
    const loaded = loadConfig([meshtasticConfigSection, meshcoreConfigSection], {
      env: { ...env, ...more },
      cwd: meshcapture.working_dir,
      readFile: (path) => {
        assert.equal(path, env["MESHCAPTURE_CONFIG"]);
        return JSON.stringify(file);
      },
    });
    if (loaded instanceof ConfigError) throw loaded;
    assert.deepEqual([loaded.dialect, loaded.warnings], ["corescope", []]);
    return loaded.config;
  };
  const { meshcore, sources } = load({});
  assert.equal(meshcore.database, "data/meshcore.db");
  assert.equal(meshcore.channel_keys_file, "/app/data/channel-rainbow.json");
  assert.equal(meshcore.stats_file.path, env["CORESCOPE_INGESTOR_STATS"]);
  assert.equal(sources[0]!.url, "mqtt://localhost:1883");
  const url = "mqtt://corescope:1883";
  assert.equal(load({ MESHCAPTURE_SOURCES_0_URL: url }).sources[0]!.url, url);
});

Deno.test("docs/cutover-corescope.md names the files and settings that there are", () => {
  const page = read("docs/cutover-corescope.md");
  for (const [, path] of page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
    if (!path!.includes("://")) Deno.statSync(`${TOP}docs/${path}`);
  }
  const { MESHCAPTURE_CONFIG, CORESCOPE_INGESTOR_STATS } = variables(meshcapture.environment);
  for (
    const word of [
      "corescope.override.yml",
      "corescope-ingestor-stub.sh",
      "MESHCAPTURE_SOURCES_0_URL",
      MESHCAPTURE_CONFIG!.split("/").at(-1)!,
      CORESCOPE_INGESTOR_STATS!.split("/").at(-1)!,
      "channel-rainbow.json",
    ]
  ) assert.ok(page.includes(word), word);
  const schema = JSON.parse(read("docs/config.schema.json"));
  for (const [, path] of page.matchAll(/`(meshcore\.[a-z_.]+)(?<!\.db)`/g)) {
    let node = schema;
    for (const key of path!.split(".")) node = node?.properties?.[key];
    assert.ok(node !== undefined, path!);
  }
});
