/**
 * The compose files hold only what Compose knows (the words of its specification that we use), and
 * name only files, volumes and services that are there.
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { z } from "zod";
import { fromFileUrl } from "../helpers/paths.ts";

const DEPLOY = fromFileUrl(new URL("../../deploy/", import.meta.url));
const FILES = ["docker-compose.yml", "compose.malla.yml", "compose.monitoring.yml"];

const mount = z.string().regex(/^[^:]+:\/[^:]*(:ro)?$/);
const port = z.string().regex(/^((\d+\.){3}\d+:)?(\d+|\$\{\w+:-\d+\}):\d+$/);

const service = z.strictObject({
  image: z.string().regex(/^(\$\{\w+:-)?[a-z0-9./-]+:[\w.-]+\}?$/).optional(),
  build: z.string().optional(),
  command: z.union([z.string(), z.array(z.string())]).optional(),
  restart: z.literal("unless-stopped"),
  depends_on: z.array(z.string()).optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.tuple([z.literal("ALL")]).optional(),
  security_opt: z.tuple([z.literal("no-new-privileges:true")]).optional(),
  stop_grace_period: z.string().regex(/^\d+s$/).optional(),
  ports: z.array(port).optional(),
  environment: z.array(z.string().regex(/^[A-Z0-9_]+=/)).optional(),
  volumes: z.array(mount).optional(),
  logging: z.strictObject({
    driver: z.literal("json-file"),
    options: z.strictObject({ "max-size": z.string(), "max-file": z.string() }),
  }).optional(),
});

const compose = z.strictObject({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
});

const files = new Map(FILES.map((file) => {
  const document: unknown = parse(Deno.readTextFileSync(DEPLOY + file), { merge: true });
  return [file, compose.parse(document)];
}));

Deno.test("compose files name only volumes and services that are there", () => {
  // The monitoring stands beside one of the others.
  const names = [...files.values()].flatMap(({ services }) => Object.keys(services));
  for (const [file, { services, volumes }] of files) {
    for (
      const [name, { image, build, depends_on = [], volumes: mounts = [] }] of Object.entries(
        services,
      )
    ) {
      assert.ok((image === undefined) !== (build === undefined), `${file}: ${name}`);
      for (const other of depends_on) assert.ok(names.includes(other), `${file}: ${other}`);
      for (const [from] of mounts.map((one) => one.split(":"))) {
        assert.ok(from!.startsWith("./") || from! in volumes, `${file}: ${from} is declared`);
      }
    }
  }
});

Deno.test("compose files mount files that are there, or are told to be made", () => {
  for (const [file, { services }] of files) {
    const head = Deno.readTextFileSync(DEPLOY + file).split("\nservices:")[0]!;
    for (const { volumes = [] } of Object.values(services)) {
      for (const from of volumes.map((one) => one.split(":")[0]!)) {
        if (!from.startsWith("./")) continue;
        const name = from.slice(2);
        const made = head.includes(` ${name}`) || head.includes(`/${name}`);
        assert.ok(made || Deno.statSync(DEPLOY + name), `${file}: ${from}`);
      }
    }
  }
});

Deno.test("compose files give meshcapture a read-only root, no rights, and time to end", () => {
  for (const [file, { services }] of files) {
    const { meshcapture } = services;
    if (meshcapture === undefined) continue;
    const { read_only, tmpfs, cap_drop, security_opt, stop_grace_period, logging } = meshcapture;
    assert.deepEqual([read_only, tmpfs], [true, ["/tmp"]], file);
    assert.ok(cap_drop && security_opt && logging, file);
    assert.ok(parseInt(stop_grace_period!) > 8, file);
    assert.ok(meshcapture.volumes!.some((one) => one.endsWith(":/app/data")), file);
  }
});

Deno.test("compose.malla.yml gives both programs one database", () => {
  const { meshcapture, "malla-web": web } = files.get("compose.malla.yml")!.services;
  const valueOf = (lines: readonly string[] | undefined, name: string) =>
    lines!.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);
  const path = valueOf(meshcapture!.environment, "MESHCAPTURE_MESHTASTIC_DATABASE");
  assert.equal(path, valueOf(web!.environment, "MALLA_DATABASE_FILE"));
  const volume = (lines: readonly string[]) => lines.find((one) => one.endsWith(":/app/data"));
  assert.equal(volume(meshcapture!.volumes!), volume(web!.volumes!));
});

Deno.test("compose.monitoring.yml mounts what Prometheus and Grafana are told to read", () => {
  const { prometheus, grafana } = files.get("compose.monitoring.yml")!.services;
  assert.ok(prometheus!.volumes!.includes("./prometheus:/etc/prometheus:ro"));
  assert.ok(prometheus!.command!.includes("--config.file=/etc/prometheus/prometheus.yml"));
  const provider = parse(
    Deno.readTextFileSync(`${DEPLOY}grafana/provisioning/dashboards/meshcapture.yml`),
  ) as { providers: { options: { path: string } }[] };
  const { path } = provider.providers[0]!.options;
  assert.ok(grafana!.volumes!.includes(`./grafana/meshcapture.json:${path}/meshcapture.json:ro`));
  const config = parse(Deno.readTextFileSync(`${DEPLOY}prometheus/prometheus.yml`)) as {
    rule_files: string[];
    scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
  };
  for (const file of config.rule_files) assert.ok(Deno.statSync(`${DEPLOY}prometheus/${file}`));
  const [job] = config.scrape_configs;
  assert.equal(job!.job_name, "meshcapture");
  assert.deepEqual(job!.static_configs[0]!.targets, ["meshcapture:2112"]);
});
