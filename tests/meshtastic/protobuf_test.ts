import assert from "node:assert/strict";
import fc from "fast-check";
import protobuf from "protobufjs";
import { parseProtoFiles, protoJson } from "../../scripts/parse_proto_files.ts";
import { factsOf, type ProtobufFacts } from "../../scripts/protobuf_facts.ts";
import { PORT_NAMES, portName } from "../../src/meshtastic/port_names.ts";
import { loadProtobuf } from "../../src/meshtastic/protobuf.ts";
import { encode } from "./build.ts";

const facts = JSON.parse(Deno.readTextFileSync(
  new URL("../fixtures/meshtastic/protobuf_facts.json", import.meta.url),
)) as ProtobufFacts;

/** Full names of all messages and enums that our own files declare. */
function declared(namespace: protobuf.NamespaceBase): string[] {
  return namespace.nestedArray.flatMap((nested) => {
    const deeper = nested instanceof protobuf.Namespace ? declared(nested) : [];
    const own = nested instanceof protobuf.Enum ||
      nested instanceof protobuf.Type && nested.fieldsArray.length > 0;
    return own ? [nested.fullName.slice(1), ...deeper] : deeper;
  });
}

Deno.test("proto/messages.json says what the .proto files say", () => {
  const text = Deno.readTextFileSync(new URL("../../proto/messages.json", import.meta.url));
  assert.ok(text === protoJson(), "out of date: run `deno task proto`");
});

Deno.test("proto/ declares nothing that differs from the published facts", () => {
  const root = parseProtoFiles().resolveAll();
  const names = declared(root);
  const ours = factsOf(root, names);
  assert.ok(names.length > 30);
  for (const [name, fields] of Object.entries(ours.messages)) {
    const published = facts.messages[name];
    assert.ok(published !== undefined, name);
    for (const field of fields) {
      assert.deepEqual(
        field,
        published.find((other) => other.number === field.number),
        `${name}.${field.name}`,
      );
    }
  }
  for (const [name, values] of Object.entries(ours.enums)) {
    const published = facts.enums[name];
    assert.ok(published !== undefined, name);
    for (const [key, value] of Object.entries(values)) {
      assert.equal(value, published[key], `${name}.${key}`);
    }
  }
});

Deno.test("proto/ names every published port, hardware model, role, region and preset", () => {
  const ours = factsOf(parseProtoFiles().resolveAll());
  for (
    const name of [
      "PortNum",
      "HardwareModel",
      "Config.DeviceConfig.Role",
      "Config.LoRaConfig.RegionCode",
      "Config.LoRaConfig.ModemPreset",
      "MeshPacket.Priority",
      "MeshPacket.TransportMechanism",
      "Routing.Error",
      "StoreAndForward.RequestResponse",
    ]
  ) {
    const full = `meshtastic.${name}`;
    assert.ok(facts.enums[full] !== undefined, name);
    assert.deepEqual(ours.enums[full], facts.enums[full], name);
  }
});

Deno.test("proto/ declares every published field of what it declares", () => {
  const ours = factsOf(parseProtoFiles().resolveAll());
  assert.deepEqual(Object.keys(ours.messages), Object.keys(facts.messages));
  for (const [name, fields] of Object.entries(facts.messages)) {
    assert.equal(ours.messages[name]!.length, fields.length, name);
  }
});

Deno.test("PORT_NAMES equals the published port numbers", () => {
  const ours = Object.fromEntries(Object.entries(PORT_NAMES).map(([n, name]) => [name, Number(n)]));
  assert.deepEqual(ours, facts.enums["meshtastic.PortNum"]);
  assert.equal(portName(67), "TELEMETRY_APP");
  assert.equal(portName(99), "UNKNOWN_99");
});

Deno.test("read() gives undefined for what is no message, and never throws", () => {
  const proto = loadProtobuf();
  assert.equal(proto.position.read(Uint8Array.of(0x0d, 1)), undefined);
  assert.equal(proto.data.read(Uint8Array.of(0x12, 9, 1)), undefined);
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    for (const reader of [proto.envelope, proto.user, proto.telemetry, proto.storeAndForward]) {
      reader.read(bytes);
    }
  }));
});

Deno.test("read() skips unknown fields and groups", () => {
  const { paxcount } = loadProtobuf();
  const known = encode("Paxcount", { wifi: 3, ble: 4, uptime: 5 });
  // Field 100 as a varint, then a group of number 101 with one field inside.
  const unknown = [0xa0, 0x06, 7, 0xab, 0x06, 0x08, 1, 0xac, 0x06];
  const read = paxcount.read(Uint8Array.from([...unknown, ...known]));
  assert.deepEqual([read?.wifi, read?.ble, read?.uptime], [3, 4, 5]);
});

Deno.test("read() does not follow nesting without end", () => {
  const { envelope } = loadProtobuf();
  assert.equal(envelope.read(new Uint8Array(100_000).fill(0x2b)), undefined);
});

Deno.test("read() takes 64-bit numbers in telemetry", () => {
  const { telemetry } = loadProtobuf();
  const bytes = encode("Telemetry", { host_metrics: { freemem_bytes: 2 ** 40 } });
  assert.equal(telemetry.read(bytes)?.variant, "host_metrics");
});
