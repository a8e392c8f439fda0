/**
 * Takes field numbers out of a checkout of meshtastic/protobufs and writes them as bare facts
 * (names, numbers, types; no text of the originals), for the test that keeps `proto/` honest:
 *
 * ```sh
 * deno run --allow-read --allow-write=tests/fixtures scripts/protobuf_facts.ts CHECKOUT [OUTPUT]
 * ```
 *
 * @module
 */
import protobuf from "protobufjs";

/** Label and type of one field. */
export interface FieldFact {
  readonly name: string;
  readonly number: number;
  /** A scalar's name, or the full name of a message or enum. */
  readonly type: string;
  /** `explicit`: its absence can be told from its default. */
  readonly label: "implicit" | "explicit" | "repeated";
  readonly oneof?: string;
}

/** Messages and enums by their full name. */
export interface ProtobufFacts {
  readonly messages: Record<string, FieldFact[]>;
  readonly enums: Record<string, Record<string, number>>;
}

/** Where the walk begins; whatever these refer to comes along. */
const ROOTS = [
  "ServiceEnvelope",
  "MapReport",
  "User",
  "Position",
  "Telemetry",
  "RouteDiscovery",
  "Routing",
  "NeighborInfo",
  "Waypoint",
  "Paxcount",
  "StoreAndForward",
].map((name) => `meshtastic.${name}`);

/**
 * Facts of every type that is reachable from `from`.
 *
 * @throws when a type is missing.
 */
export function factsOf(
  root: protobuf.NamespaceBase,
  from: readonly string[] = ROOTS,
): ProtobufFacts {
  const messages: Record<string, FieldFact[]> = {};
  const enums: Record<string, Record<string, number>> = {};
  const visit = (type: protobuf.ReflectionObject | null): void => {
    if (type === null) return;
    const name = type.fullName.replace(/^\./, "");
    if (type instanceof protobuf.Enum) {
      enums[name] ??= { ...type.values };
    } else if (type instanceof protobuf.Type && messages[name] === undefined) {
      const fields = type.fieldsArray.map((field) => field.resolve());
      messages[name] = fields.map(fieldFact).sort((a, b) => a.number - b.number);
      for (const field of fields) visit(field.resolvedType);
    }
  };
  for (const name of from) visit(root.lookupTypeOrEnum(name));
  return { messages: sorted(messages), enums: sorted(enums) };
}

function fieldFact(field: protobuf.Field): FieldFact {
  // protobufjs hides an explicit `optional` in a oneof of its own, named after the field.
  const synthetic = field.partOf !== null && field.partOf.name === `_${field.name}`;
  return {
    name: field.name,
    number: field.id,
    type: field.resolvedType?.fullName.replace(/^\./, "") ?? field.type,
    label: field.repeated ? "repeated" : synthetic ? "explicit" : "implicit",
    ...(field.partOf !== null && !synthetic ? { oneof: field.partOf.name } : {}),
  };
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

if (import.meta.main) {
  const [checkout, output = "tests/fixtures/meshtastic/protobuf_facts.json"] = Deno.args;
  if (checkout === undefined) throw new Error("usage: protobuf_facts.ts CHECKOUT [OUTPUT]");
  const root = new protobuf.Root();
  for (const entry of Deno.readDirSync(`${checkout}/meshtastic`)) {
    if (!entry.name.endsWith(".proto")) continue;
    const text = Deno.readTextFileSync(`${checkout}/meshtastic/${entry.name}`);
    protobuf.parse(text, root, { keepCase: true });
  }
  root.resolveAll();
  Deno.writeTextFileSync(output, `${JSON.stringify(factsOf(root), null, 1)}\n`);
}
