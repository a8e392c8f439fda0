/** Parses the `.proto` files under `proto/`. @module */
import protobuf from "protobufjs";

const FOLDER = new URL("../proto/", import.meta.url);

/** Every message and enum of `proto/*.proto`, as they stand there. */
export function parseProtoFiles(): protobuf.Root {
  const root = new protobuf.Root();
  const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
    .filter((name) => name.endsWith(".proto")).sort();
  for (const name of names) {
    protobuf.parse(Deno.readTextFileSync(new URL(name, FOLDER)), root, { keepCase: true });
  }
  return root;
}

/** The text of `proto/messages.json`, which the decoder reads in their place. */
export function protoJson(): string {
  return `${JSON.stringify(parseProtoFiles().resolveAll().toJSON(), null, 1)}\n`;
}
