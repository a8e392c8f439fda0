/** `meshcapture decrypt explain`: why one packet can be read, or cannot. @module */
import { networks } from "../networks.ts";
import { escapeUnsafe } from "../observe/log_format.ts";
import type { Fact, KeyAttempt, PacketExplanation } from "../packet_explanation.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { explain } from "./explain.ts";
import { type ConfigOptions, loadSettings } from "./load_settings.ts";
import { namedNetwork } from "./named_network.ts";
import { noteLog } from "./note_log.ts";
import { parsePacketInput, parsePacketText } from "./packet_bytes.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@linkcode decryptExplain}. */
export interface DecryptExplainOptions extends ConfigOptions {
  /** Name of the network; otherwise it is found out. */
  readonly network?: string;
  /** Name of the channel, where the packet does not bring it. */
  readonly channel?: string;
  /** Print JSON. */
  readonly json?: boolean;
}

/** Keys of another hash that are listed; more are only counted. */
const LISTED_OTHERS = 12;

/**
 * Explains the packet `text`, or the one on standard input where that is undefined or `-`. Exit code
 * 0 when the packet can be read, 1 when not, 2 when it is none.
 */
export async function decryptExplain(
  terminal: Terminal,
  text: string | undefined,
  options: DecryptExplainOptions,
): Promise<ExitCode> {
  const wanted = options.network === undefined
    ? networks
    : [namedNetwork(terminal, options.network)].filter((one) => one !== undefined);
  if (wanted.length === 0) return EXIT.usage;
  const loaded = loadSettings(terminal, options);
  if (loaded === undefined) return EXIT.usage;
  const bytes = text === undefined || text === "-"
    ? parsePacketInput(await terminal.readInput())
    : parsePacketText(text);
  if (bytes === undefined) {
    terminal.note("a packet is expected in hex or base64, as an argument or on standard input");
    return EXIT.usage;
  }
  if (bytes === "odd_hex") {
    terminal.note(
      "this packet in hex has an odd number of digits, and a byte has two: one is missing, or one too many",
    );
    return EXIT.usage;
  }
  const found: PacketExplanation[] = [];
  try {
    for (const network of wanted) {
      const explanation = await (await network.tools()).explainPacket(
        loaded.config[network.name],
        {
          sources: [],
          readFile: (path) => terminal.readFile(path),
          log: noteLog(terminal),
        },
        bytes,
        options.channel === undefined ? {} : { channel: options.channel },
      );
      if (explanation !== undefined) found.push(explanation);
    }
  } catch (error) {
    terminal.note(explain(error));
    return EXIT.failed;
  }
  // Most bytes pass for a MeshCore packet; hardly any for one of Meshtastic that are none.
  const [best] = found;
  if (best === undefined) {
    const names = wanted.map((one) => one.section.title).join(" or ");
    terminal.note(
      `these ${bytes.length} bytes are no packet of ${names}: expected a ServiceEnvelope or MeshPacket (Meshtastic), or a packet as MeshCore sends it`,
    );
    return EXIT.usage;
  }
  if (options.json) terminal.print(JSON.stringify(best, null, 2));
  else for (const line of explanationText(best)) terminal.print(line);
  return best.readable ? EXIT.ok : EXIT.failed;
}

/** The explanation as lines for a person. */
function explanationText(one: PacketExplanation): string[] {
  const lines = [`${one.form}, ${one.network}`, ...facts(one.header)];
  if (one.encryption.length > 0) lines.push("", "Encryption", ...facts(one.encryption));
  if (one.attempts.length > 0) lines.push("", "Keys tried", ...attemptLines(one.attempts));
  lines.push("", one.verdict);
  if (one.advice !== undefined) lines.push(one.advice);
  if (one.content.length > 0) lines.push("", "What it says", ...facts(one.content));
  return lines;
}

function facts(list: readonly Fact[]): string[] {
  const width = Math.max(...list.map(([name]) => name.length));
  return list.map(([name, value]) => `  ${name.padEnd(width)}  ${escapeUnsafe(value)}`);
}

function attemptLines(attempts: readonly KeyAttempt[]): string[] {
  const others = attempts.filter((one) => !one.matches && !one.accepted);
  const cut = others.length > LISTED_OTHERS;
  const shown = cut ? attempts.filter((one) => one.matches || one.accepted) : attempts;
  const width = Math.max(0, ...shown.map((one) => escapeUnsafe(one.key).length));
  const lines = shown.map((one) => {
    const mark = one.accepted ? "✓" : " ";
    const bits = one.bits === 0 ? "no encryption" : `${one.bits} bits, ${one.fingerprint}`;
    const hash = `hash ${one.hash}${one.matches ? " fits" : ""}`;
    return `${mark} ${escapeUnsafe(one.key).padEnd(width)}  ${bits}  ${hash}  ${one.result}`;
  });
  if (cut) lines.push(`  ${others.length} further keys: none of them fits`);
  return lines;
}
