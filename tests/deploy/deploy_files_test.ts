/** What Dockerfile, compose file and systemd unit say must agree with the rest of the project. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { z } from "zod";
import { fromFileUrl } from "../helpers/paths.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));
const read = (path: string) => Deno.readTextFileSync(TOP + path);

const compose = z.object({
  services: z.object({
    mosquitto: z.object({ volumes: z.array(z.string()) }),
    meshcapture: z.object({
      build: z.string(),
      stop_grace_period: z.string().regex(/^\d+s$/),
      volumes: z.array(z.string()),
    }),
  }),
  volumes: z.record(z.string(), z.unknown()),
});

/** Seconds that a shutdown takes at most by default. */
const SHUTDOWN_SECONDS = 8;

Deno.test("docker-compose.yml mounts what deploy/mosquitto.conf names", () => {
  const { services, volumes } = compose.parse(parse(read("deploy/docker-compose.yml")));
  const conf = read("deploy/mosquitto.conf");
  const mounts = services.mosquitto.volumes.map((one) => one.split(":"));
  const targets = mounts.map(([, target]) => target);
  for (const key of ["persistence_location", "password_file"]) {
    const path = new RegExp(`^${key} (\\S+)$`, "m").exec(conf)![1]!.replace(/\/$/, "");
    assert.ok(targets.includes(path), `${key} ${path} is not mounted`);
  }
  for (const [from] of [...mounts, ...services.meshcapture.volumes.map((v) => v.split(":"))]) {
    assert.ok(from!.startsWith("./") || from! in volumes, `${from} is declared`);
  }
  assert.ok(parseInt(services.meshcapture.stop_grace_period) > SHUTDOWN_SECONDS);
});

Deno.test("Dockerfile copies only what exists and .dockerignore lets through", () => {
  const allowed = read(".dockerignore").match(/^!.+$/gm)!.map((line) => line.slice(1));
  const copies = [...read("Dockerfile").matchAll(/^COPY (?!--from)(.+) \S+$/gm)];
  const sources = copies.flatMap(([, list]) =>
    list!.split(" ").map((one) => one.replace("./", ""))
  );
  assert.deepEqual([...sources].sort(), [...allowed].sort());
  for (const source of sources) Deno.statSync(TOP + source);
});

Deno.test("the volume, the user and the entry of Dockerfile and compose agree", () => {
  const docker = read("Dockerfile");
  const data = /^VOLUME (\S+)$/m.exec(docker)![1]!;
  for (const network of ["MESHTASTIC", "MESHCORE"]) {
    assert.match(docker, new RegExp(`^ENV MESHCAPTURE_${network}_DATABASE=${data}/`, "m"));
  }
  // The folder of the executable, and the volume's in it, belong to the user.
  assert.match(docker, new RegExp(`mkdir -p ${data} `));
  const folder = data.slice(0, data.lastIndexOf("/"));
  assert.match(
    docker,
    new RegExp(`^COPY --from=build --chown=1000:1000 ${folder} ${folder}$`, "m"),
  );
  assert.match(docker, new RegExp(`^WORKDIR ${folder}$`, "m"));
  assert.match(docker, /^USER 1000:1000$/m);
  const { services } = compose.parse(parse(read("deploy/docker-compose.yml")));
  assert.ok(services.meshcapture.volumes.some((volume) => volume.endsWith(`:${data}`)));
});

Deno.test("meshcapture.service leaves time for the shutdown", () => {
  const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(read("deploy/meshcapture.service"))![1]);
  assert.ok(seconds > SHUTDOWN_SECONDS);
});

Deno.test("unit and image set the variables that the start task sets", () => {
  const { tasks } = JSON.parse(read("deno.json")) as { tasks: { start: string } };
  const words = tasks.start.split(" ");
  const variables = words.slice(0, words.indexOf("deno"));
  assert.ok(variables.length >= 2, tasks.start);
  const unit = read("deploy/meshcapture.service").split("\n");
  const image = read("Dockerfile").split("\n");
  for (const variable of variables) {
    assert.ok(unit.includes(`Environment=${variable}`), variable);
    assert.ok(image.includes(`ENV ${variable}`), variable);
  }
});

Deno.test("the start-bundle task runs the bundle with the variables, flags and permissions of start", () => {
  const { tasks } = JSON.parse(read("deno.json")) as { tasks: Record<string, string> };
  const bundled = tasks["start-bundle"]!.replace(/^deno task bundle && /, "")
    .replace(" --no-config --no-lock --unstable-worker-options", "")
    .replace("dist/bundle/service/start.js", "main.ts");
  assert.equal(bundled, tasks["start"]);
});
