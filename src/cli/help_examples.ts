/** What stands below a command's options in its help: examples, and what its exit code says. @module */

/** Examples of a command, and its exit codes where they say something of their own. */
export interface HelpExamples {
  /** What is typed, and why. */
  readonly examples: readonly (readonly [line: string, why: string])[];
  /** What else a person should know, in whole sentences. */
  readonly notes?: readonly string[];
  /** Default: 0 ok, 1 failed, 2 usage or configuration. */
  readonly exitCodes?: string;
}

const EXIT_CODES = "0 ok, 1 failed, 2 usage or configuration.";

/** By the command's name; subcommands with a space. */
export const HELP: Readonly<Record<string, HelpExamples>> = {
  init: {
    examples: [
      ["meshcapture init", "asks a few questions and writes config.yaml"],
      ["meshcapture init --yes --region EU_868 --iata SJC", "asks nothing"],
      ["meshcapture init -c /etc/meshcapture/config.yaml --data /var/lib/meshcapture", ""],
    ],
    notes: [
      "The configuration has a broker of its own (no mosquitto is needed) with a generated password. Radios need WiFi, Ethernet or a phone that passes their traffic on.",
      "meshcapture needs a 64-bit system: `uname -m` says aarch64 or x86_64. On a 32-bit Raspberry Pi OS (armv7l, armv6l) it cannot run; a Pi 3, 4, 5 or Zero 2 W can have the 64-bit one.",
    ],
  },
  run: {
    examples: [
      ["meshcapture run", "with config.yaml of this folder, or the defaults"],
      ["meshcapture run --config /etc/meshcapture/config.yaml", ""],
      ["meshcapture run --set sources.0.url=mqtt://broker:1883", "one setting by hand"],
      ["meshcapture run --shadow", "a trial beside Malla, CoreScope or another meshcapture"],
    ],
    notes: [
      "It runs until SIGINT or SIGTERM, then stores and acknowledges what it has taken in; a second signal ends it at once. `meshcapture -config FILE` means the same.",
    ],
  },
  demo: {
    examples: [
      ["meshcapture demo", "until Ctrl+C, in the folder demo-data"],
      ["meshcapture demo --seconds 20 --rate 50", "twenty seconds, fifty times as fast as life"],
    ],
  },
  check: {
    examples: [
      ["meshcapture check", "the configuration, then 20 s at each source"],
      ["meshcapture check --seconds 300 --source home", "longer, for a quiet mesh"],
      [
        "meshcapture check --config-only",
        "every setting and where it comes from; connects nowhere",
      ],
      ["meshcapture check --delete-session --source home", "our abandoned session at that broker"],
    ],
    notes: [
      "It disturbs nobody: it listens with a client id of its own and a clean session, and at an embedded broker it listens to the running service.",
      "--delete-session makes the broker forget the session of the source, or of the client id given: its subscriptions, and the messages kept for it. It refuses while a running service holds the database of that session; any other client of that id is thrown off once.",
    ],
    exitCodes: "0 nothing is wrong, 1 something is to be mended, 2 usage or configuration.",
  },
  "decrypt explain": {
    examples: [
      ["meshcapture decrypt explain 0a2d0d78563412…", "a packet in hex"],
      ["meshcapture decrypt explain --channel Hikers < packet.bin", "from a file"],
      [
        "meshcapture decrypt explain CiMNeFY0… --set meshtastic.channels.0.psk=AQ==",
        "base64, with a key to try",
      ],
    ],
    notes: [
      "It takes a ServiceEnvelope or MeshPacket of Meshtastic, a packet as MeshCore sends it, or an observer's JSON. Keys are shown by name and fingerprint, never themselves.",
    ],
    exitCodes: "0 the packet can be read, 1 it cannot, 2 usage, configuration or no packet.",
  },
  record: {
    examples: [
      ["meshcapture record traffic.jsonl", "until Ctrl+C; appends to a recording, or begins one"],
      ["meshcapture record traffic.jsonl --seconds 600", ""],
    ],
    notes: [
      "It disturbs no service: own client ids, clean sessions. A file takes one recording at a time.",
    ],
    exitCodes: "0 ok, 1 failed, or no source was ever connected, 2 usage or configuration.",
  },
  replay: {
    examples: [
      ["meshcapture replay traffic.jsonl --database new.db", "a recording"],
      ["meshcapture replay malla.db --database new.db", "the raw envelopes of a database"],
      ["meshcapture replay traffic.jsonl --database core.db --network meshcore", ""],
    ],
    notes: [
      "What cannot be read is named, and all else is stored. A last line that was cut off, as a recorder that was killed leaves it, is named and is no failure.",
    ],
    exitCodes: "0 ok, 1 failed, or a line or row could not be read, 2 usage or configuration.",
  },
  diff: {
    examples: [
      ["meshcapture diff old.db new.db", "by content, times of receipt left out"],
      ["meshcapture diff old.db new.db --ignore raw_payload,rssi --json", ""],
    ],
    exitCodes: "0 equal, 1 failed or nothing to compare, 2 usage, 3 they differ.",
  },
  migrate: {
    examples: [
      ["meshcapture migrate --database malla.db", "brings a peer's database up to date"],
      ["meshcapture migrate --database meshpipe.db --back meshpipe", "the way back"],
    ],
    notes: ["Stop the service first; `run` does the same by itself, while it captures."],
  },
  backup: {
    examples: [
      ["meshcapture backup", "every configured database, beside the running service"],
      ["meshcapture backup --to /mnt/usb --keep 30", ""],
    ],
  },
  restore: {
    examples: [["meshcapture restore backups/meshtastic-20261122T030000Z.db", "service stopped"]],
  },
  compact: {
    examples: [["meshcapture compact --network meshtastic", "service stopped"]],
  },
  healthcheck: {
    examples: [
      ["meshcapture healthcheck", "the service of this configuration"],
      ["meshcapture healthcheck --address 127.0.0.1:2112 --json", ""],
    ],
    exitCodes: "0 it is well, 1 it is not or does not answer, 2 usage or configuration.",
  },
};

/** The text below the list of commands. */
export const MAIN_HELP: string = [
  "",
  "The first minute on a Raspberry Pi:",
  "  meshcapture init     writes config.yaml, and prints what to enter in your radio",
  "  meshcapture run      captures",
  "  meshcapture check    says in words what arrives, and what does not",
  "",
  "Without a radio: meshcapture demo --seconds 20",
  "",
  "Settings come from flags (--set), then the environment (MESHCAPTURE_*), then the file, then",
  "defaults. `meshcapture COMMAND --help` has examples for each command.",
  "",
  "Exit codes: 0 ok, 1 failed, 2 usage or configuration, 3 differs.",
].join("\n");

/** What stands below the options of a command; undefined for one without examples. */
export function helpText(command: string): string | undefined {
  const help = HELP[command];
  if (help === undefined) return undefined;
  const { examples, notes = [], exitCodes = EXIT_CODES } = help;
  const lines = ["", "Examples:"];
  for (const [line, why] of examples) {
    if (why !== "") lines.push(`  # ${why}`);
    lines.push(`  ${line}`);
  }
  for (const note of notes) lines.push("", ...wrap(note));
  return [...lines, "", `Exit codes: ${exitCodes}`].join("\n");
}

function wrap(text: string, width = 90): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}
