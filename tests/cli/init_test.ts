import assert from "node:assert/strict";
import { createServer } from "node:net";
import { randomSecret } from "../../src/cli/init_plan.ts";
import { lanAddress } from "../../src/cli/lan_address.ts";
import { main } from "../../src/cli/main.ts";
import { loadConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { configSections } from "../../src/networks.ts";
import { FakeTerminal } from "../helpers/fake_terminal.ts";
import { Scratch } from "../helpers/scratch.ts";

/** Runs `init` in `scratch`, as a person there would. */
async function init(scratch: Scratch, args: string[], answers?: string[]) {
  const terminal = new FakeTerminal({
    cwd: scratch.path,
    ...(answers === undefined ? {} : { answers }),
  });
  const code = await main(["init", ...args], terminal);
  return { code, terminal, out: terminal.out, err: terminal.err };
}

function loaded(path: string) {
  const result = loadConfig(configSections, {
    readFile: (name) => Deno.readTextFileSync(name),
    cwd: "/",
    configFile: path,
  });
  if (result instanceof ConfigError) throw result;
  assert.deepEqual(result.warnings, []);
  return result.config;
}

const FLAGS = ["--host", "192.0.2.7", "--port", "1999", "--region", "EU_868", "--iata", "SJC"];

Deno.test("init writes a configuration that can be used, for its owner alone", async () => {
  using scratch = new Scratch();
  const { code, out } = await init(scratch, FLAGS);
  assert.equal(code, 0, out);
  const path = scratch.file("config.yaml");
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  const { sources } = loaded(path);
  assert.deepEqual(sources.map((one) => [one.name, one.network, one.url, one.topics]), [
    ["radio", "meshtastic", "embedded://0.0.0.0:1999", ["msh/#"]],
    ["observer", "meshcore", "embedded://0.0.0.0:1999", ["meshcore/#"]],
  ]);
  const [password] = new Set(sources.map((one) => one.password));
  assert.match(password!, /^[2-9a-z]{16}$/);
  assert.equal(sources[0]!.username, "radio");
  assert.deepEqual([...Deno.readDirSync(scratch.path)].map(({ name }) => name), ["config.yaml"]);
});

Deno.test("init prints what to enter in a Meshtastic node and in a MeshCore observer", async () => {
  using scratch = new Scratch();
  const { out } = await init(scratch, FLAGS);
  const password = loaded(scratch.file("config.yaml")).sources[0]!.password!;
  const row = (name: string) => new RegExp(`^  ${name} +(\\S+)`, "m").exec(out)?.[1];
  assert.equal(row("Enabled"), "on");
  assert.equal(row("Server Address"), "192.0.2.7:1999");
  assert.equal(row("Username"), "radio");
  assert.equal(row("Password"), password);
  assert.equal(row("Encryption Enabled"), "on");
  assert.equal(row("JSON Enabled"), "off");
  assert.equal(row("TLS Enabled"), "off");
  assert.equal(row("Root Topic"), "msh/EU_868");
  assert.equal(row("Uplink Enabled"), "on");
  assert.equal(row("OK to MQTT"), "on");
  assert.match(out, /--set mqtt\.address 192\.0\.2\.7:1999 .*--set mqtt\.root msh\/EU_868/);
  assert.match(out, /--set lora\.config_ok_to_mqtt true/);
  assert.match(out, /iata = "SJC"[^]*server = "192\.0\.2\.7"\n +port = 1999/);
  assert.match(out, /set mqtt3\.preset custom\n +set mqtt3\.server 192\.0\.2\.7\n/);
  assert.match(out, /USB or Bluetooth only.*\n +Meshtastic: .*Client Proxy/);
  const one = await init(scratch, ["--force", "--networks", "meshtastic", ...FLAGS.slice(0, 4)]);
  assert.ok(!one.out.includes("MeshCore"), one.out);
  assert.match(one.out, /Root Topic +msh\/REGION +\(REGION: the node's LoRa region/);
});

Deno.test("init makes a token for the page, and prints it in its address", async () => {
  using scratch = new Scratch();
  const { out } = await init(scratch, FLAGS);
  const { observability } = loaded(scratch.file("config.yaml"));
  assert.match(observability.token!, /^[2-9a-z]{24}$/);
  assert.ok(out.includes(`  http://192.0.2.7:2112/?token=${observability.token} `), out);
  assert.match(out, /^ {2}http:\/\/127\.0\.0\.1:2112\/ +on this machine$/m);
  const local = await init(scratch, ["--force", "--http", "127.0.0.1:2113", ...FLAGS]);
  assert.match(local.out, /^ {2}http:\/\/127\.0\.0\.1:2113\/ +on this machine$/m);
  assert.ok(!local.out.includes("?token="), "nobody comes from elsewhere");
  const off = await init(scratch, ["--force", "--http", "off", ...FLAGS]);
  assert.ok(!off.out.includes("Its page"));
});

Deno.test("init never overwrites a file unless it is told to, and then keeps the old one", async () => {
  using scratch = new Scratch();
  const path = scratch.file("config.yaml");
  Deno.writeTextFileSync(path, "mine: yes\n");
  const refused = await init(scratch, FLAGS);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /exists and stays as it is/);
  assert.equal(Deno.readTextFileSync(path), "mine: yes\n");
  const forced = await init(scratch, ["--force", ...FLAGS]);
  assert.equal(forced.code, 0, forced.err);
  assert.equal(Deno.readTextFileSync(`${path}.old`), "mine: yes\n");
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
});

Deno.test("init asks a person what flags do not say, and takes Return for the default", async () => {
  using scratch = new Scratch();
  const { code, terminal, out } = await init(scratch, ["--port", "1999"], [
    "meshtastic",
    "us",
    "192.0.2.9",
  ]);
  assert.equal(code, 0, terminal.err);
  assert.equal(terminal.asked.length, 3);
  assert.match(terminal.asked[0]!, /^Networks to capture.*\[meshtastic,meshcore\]$/);
  assert.match(out, /Server Address +192\.0\.2\.9:1999/);
  assert.match(out, /Root Topic +msh\/US/);
  assert.deepEqual(loaded(scratch.file("config.yaml")).sources.map((one) => one.name), ["radio"]);
  const silent = await init(scratch, ["--force", "--yes", ...FLAGS], ["never asked"]);
  assert.deepEqual([silent.code, silent.terminal.asked], [0, []]);
  const returns = await init(scratch, ["--force", "--host", "192.0.2.9", "--port", "1999"], [
    "",
    "",
    "",
  ]);
  assert.equal(returns.code, 0);
  assert.equal(loaded(scratch.file("config.yaml")).sources.length, 2);
});

for (
  const [args, message] of [
    [["--networks", "lora"], /lora: networks are meshtastic,meshcore/],
    [["--networks", ","], /at least one/],
    [["--region", "E U"], /is no LoRa region/],
    [["--iata", "San Jose"], /is no IATA code/],
    [["--host", "a b"], /is no address/],
    [["--host", "192.0.2.7:1884"], /"192\.0\.2\.7:1884" is no address: .*--port/],
    [["--host", "[fd00::5]:1884"], /is no address: .*--port/],
    [["--host", "mqtt://pi.lan"], /is no address/],
    [["--host", "fd00::5::1"], /is no address/],
    [["--host", "[pi.lan]"], /is no address/],
    [["--host", "pi..lan"], /is no address/],
    [["--host", "192.0.2.256"], /is no address/],
    [["--data", ""], /--data: an empty name is no folder/],
    [["--data", " "], /--data: an empty name is no folder/],
    [["--username", "a b"], /is no user name/],
    [["--username", ""], /"" is no user name/],
    [["--http", "nowhere"], /observability\.address/],
  ] as const
) {
  Deno.test(`init refuses \`${args.join(" ")}\` with exit code 2, and writes nothing`, async () => {
    using scratch = new Scratch();
    const { code, err } = await init(scratch, [...FLAGS, ...args]);
    assert.equal(code, 2, err);
    assert.match(err, message);
    assert.deepEqual([...Deno.readDirSync(scratch.path)], []);
  });
}

Deno.test("init takes an IPv6 address: brackets where a port follows, and a broker that listens there", async () => {
  for (const host of ["fd00::5", "[fd00::5]"]) {
    using scratch = new Scratch();
    const { code, out, err } = await init(scratch, [...FLAGS, "--host", host]);
    assert.equal(code, 0, err);
    assert.match(out, /^ {2}http:\/\/\[fd00::5\]:2112\/\?token=/m);
    assert.match(out, /^ {2}Server Address +\[fd00::5\]:1999 +\(.*takes no IPv6 address/m);
    assert.match(out, /--set mqtt\.address \[fd00::5\]:1999 /);
    // Their ports stand by themselves.
    assert.match(out, /server = "fd00::5"\n +port = 1999/);
    assert.match(out, /set mqtt3\.server fd00::5\n/);
    const { sources } = loaded(scratch.file("config.yaml"));
    assert.deepEqual([...new Set(sources.map((one) => one.url))], ["embedded://[::]:1999"]);
    const json = await init(scratch, ["--force", "--json", ...FLAGS, "--host", host]);
    const { host: plain, page } = JSON.parse(json.out);
    assert.equal(plain, "fd00::5");
    assert.ok(page.elsewhere.startsWith("http://[fd00::5]:2112/"), page.elsewhere);
  }
});

Deno.test("init takes names of hosts, short and long", async () => {
  for (const host of ["pi", "pi.local", "mesh-1.example.org", "4.example.org"]) {
    using scratch = new Scratch();
    const { code, out, err } = await init(scratch, [...FLAGS, "--host", host]);
    assert.equal(code, 0, err);
    assert.ok(out.includes(`  http://${host}:2112/?token=`), out);
  }
});

Deno.test("init prints JSON of the same, and asks nothing", async () => {
  using scratch = new Scratch();
  const { code, out, terminal } = await init(scratch, ["--json", ...FLAGS], ["x"]);
  assert.equal(code, 0);
  assert.deepEqual(terminal.asked, []);
  const plan = JSON.parse(out);
  assert.deepEqual([plan.host, plan.port, plan.username], ["192.0.2.7", 1999, "radio"]);
  assert.equal(plan.password, loaded(plan.file).sources[0]!.password);
});

Deno.test("init gives the broker another port when the usual one is taken", async () => {
  using scratch = new Scratch();
  const server = createServer();
  const taken = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(true)); // Somebody else's broker will do as well.
    server.listen(1883, "0.0.0.0", () => resolve(false));
  });
  try {
    const { code, err } = await init(scratch, ["--yes", "--host", "192.0.2.7"]);
    assert.equal(code, 0);
    assert.match(err, /Port 1883 is taken.*gets 1\d+/);
    const { url } = loaded(scratch.file("config.yaml")).sources[0]!;
    assert.notEqual(url, "embedded://0.0.0.0:1883");
  } finally {
    if (!taken) server.close();
  }
});

Deno.test("lanAddress() takes the address that SSH came to, else that towards a name server", async () => {
  const files = (text?: string) => (path: string) => {
    if (path === "/etc/resolv.conf" && text !== undefined) return text;
    throw new Deno.errors.NotFound(path);
  };
  const asked: string[] = [];
  const towards = (host: string) => {
    asked.push(host);
    return Promise.resolve(host === "192.168.7.1" ? "192.168.7.23" : undefined);
  };
  const ssh = { SSH_CONNECTION: "192.168.7.5 50000 192.168.7.24 22" };
  assert.equal(await lanAddress({ env: ssh, readFile: files() }, towards), "192.168.7.24");
  assert.deepEqual(asked, []);
  const resolv =
    "# mine\nnameserver 127.0.0.53\nnameserver fe80::1\nnameserver 10.0.0.1\nnameserver 192.168.7.1\n";
  assert.equal(await lanAddress({ env: {}, readFile: files(resolv) }, towards), "192.168.7.23");
  assert.deepEqual(asked, ["10.0.0.1", "192.168.7.1"]);
  assert.equal(await lanAddress({ env: {}, readFile: files() }, towards), undefined);
  const own = { SSH_CONNECTION: "127.0.0.1 1 127.0.0.1 22" };
  assert.equal(await lanAddress({ env: own, readFile: files("") }, towards), undefined);
});

Deno.test("lanAddress() gives up on name servers that cannot be reached", async () => {
  const resolv = `nameserver 192.0.2.1\n`;
  const address = await lanAddress({ env: {}, readFile: () => resolv });
  assert.equal(address, undefined, "this test may connect to loopback alone");
});

Deno.test("randomSecret() gives as many letters as asked for, each as likely", () => {
  const seen = new Map<string, number>();
  for (let i = 0; i < 300; i++) {
    const secret = randomSecret(31);
    assert.equal(secret.length, 31);
    for (const letter of secret) seen.set(letter, (seen.get(letter) ?? 0) + 1);
  }
  assert.equal(seen.size, 31);
  assert.ok([...seen.values()].every((n) => n > 180 && n < 430), JSON.stringify([...seen]));
  assert.notEqual(randomSecret(16), randomSecret(16));
});
