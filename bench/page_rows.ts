/** Which figures the page shows, and what the peers have there. @module */
import type { FigureName } from "./figures.ts";
import { OTHER_PROGRAMS, type OtherProgram, type Scenario, scenarioWords } from "./scenario.ts";

/** A figure of the page. */
export interface PageRow {
  /** What is measured. */
  readonly what: string;
  /** How, in a sentence. */
  readonly how: string;
  /** Words of the scenario that it is taken from. */
  readonly from: readonly string[];
  /** The figures, of which the first has the goal. */
  readonly figures: readonly FigureName[];
  /** Unit, after the figures. */
  readonly unit: string;
  /** What the peers of the network have there, in the order of {@linkcode PageSection.peers}. */
  readonly peers: readonly string[];
}

/** The rows of one network. */
export interface PageSection {
  /** Heading. */
  readonly title: string;
  /** Heads of the peers' columns. */
  readonly peers: readonly string[];
  /** What is to be known of the peers' figures. */
  readonly note: string;
  /** The rows. */
  readonly rows: readonly PageRow[];
}

/** Whether a row shows this scenario. What is not measured of the bundle stands in rows of its own. */
export function isRowOf(row: PageRow, scenario: Scenario): boolean {
  const own = scenarioWords(scenario);
  return OTHER_PROGRAMS.every((one) => (scenario.program === one) === row.from.includes(one)) &&
    row.from.every((word) => own.includes(word));
}

const STORED =
  "rows counted in the database at the end; what is missing is told apart by what the service says that it received";
const RATE = "from the first publication until a reader sees the last row";
const BARE =
  "a loop in a process of its own that inserts the same rows in batches of the same size, while the publisher publishes the same burst to the same broker and a subscriber drains it";
const CPU = "user and system time of all threads of the service, from /proc";
const RSS = "VmRSS before the first message, VmHWM at the last commit";
const WRITTEN =
  "write_bytes of /proc/PID/io until the last commit, and with the checkpoint of the end";
const LATENCY =
  "from the publication until a reader that looks every millisecond sees the row: p50, p99, longest";

/** Rows of a burst into one database; `peers` are given for the first. */
function burst(
  title: string,
  from: readonly string[],
  peers: Readonly<Record<"stored" | "rate", readonly string[]>>,
  none: readonly string[],
): PageRow[] {
  return [
    row(`${title}: stored`, STORED, from, ["stored"], "rows", peers.stored),
    row(
      `${title}: lost by the broker, by us`,
      STORED,
      from,
      ["lostByBroker", "lostByUs"],
      "",
      none,
    ),
    row(`${title}: rate`, RATE, from, ["messagesPerSecond"], "msg/s", peers.rate),
    row(`${title}: bare limit`, BARE, from, ["bareRowsPerSecond"], "rows/s", none),
    row(
      `${title}: share of the bare limit`,
      "the rate by the bare limit",
      from,
      ["ratio"],
      "",
      none,
    ),
  ];
}

function row(
  what: string,
  how: string,
  from: readonly string[],
  figures: readonly FigureName[],
  unit: string,
  peers: readonly string[],
): PageRow {
  return { what, how, from, figures, unit, peers };
}

function costs(
  from: readonly string[],
  peers: Readonly<Record<"cpu" | "rss" | "written" | "database" | "commits", readonly string[]>>,
): PageRow[] {
  return [
    row("CPU for 1,000 messages", CPU, from, ["cpuSecondsPerThousand"], "s", peers.cpu),
    row("memory, idle and at its peak", RSS, from, ["idleRssMib", "peakRssMib"], "MiB", peers.rss),
    row(
      "written in a burst",
      WRITTEN,
      from,
      ["writtenKb", "writtenKbClosed"],
      "KB a message",
      peers.written,
    ),
    row(
      "database",
      "growth of the file after the end",
      from,
      ["databaseBytes"],
      "bytes a message",
      peers.database,
    ),
    row("transactions", "counted by the service", from, ["commits"], "", peers.commits),
  ];
}

/** Rows that both networks have, of steady traffic and the rest. */
function steady(
  network: string,
  peers: Readonly<Record<"latency" | "written" | "restart", readonly string[]>>,
  none: readonly string[],
): PageRow[] {
  const at = (
    rate: number,
    interval: string,
    ...more: readonly string[]
  ) => ["latency", network, `at-${rate}`, `interval-${interval}`, ...more];
  const times: FigureName[] = ["p50Ms", "p99Ms", "maxMs"];
  const latency = (rate: number, interval: string, title: string, figures = none) =>
    row(
      `latency at ${rate} msg/s, ${title}`,
      LATENCY,
      at(rate, interval, "full"),
      times,
      "ms",
      figures,
    );
  const written: FigureName[] = ["writtenKb", "writtenKbClosed"];
  return [
    latency(50, "0", "each committed at once", peers.latency),
    latency(50, "default", "commit interval as it comes (100 ms)"),
    latency(50, "1000", "commit interval 1,000 ms"),
    latency(1000, "0", "each committed at once"),
    latency(1000, "default", "commit interval as it comes"),
    latency(1000, "1000", "commit interval 1,000 ms"),
    row(
      "written at 50 msg/s, as it comes",
      WRITTEN,
      at(50, "default", "full"),
      written,
      "KB a message",
      peers.written,
    ),
    ...(network === "meshtastic"
      ? [row(
        "written at 50 msg/s, minimal indexes and commit interval 1,000 ms",
        WRITTEN,
        at(50, "1000", "minimal"),
        written,
        "KB a message",
        none,
      )]
      : []),
    row(
      "/metrics under full load",
      "asked again 10 ms after each answer while the burst runs: p50, p99, longest",
      ["http", network],
      times,
      "ms",
      none,
    ),
    row(
      "start to first row, new database",
      "from the start of the process until a reader sees a row, with messages on their way: p50, longest",
      ["start", network, "into-0"],
      ["p50Ms", "maxMs"],
      "ms",
      none,
    ),
    row(
      "start to first row, a million rows",
      "the same on a database of a million rows",
      ["start", network, "into-1M"],
      ["p50Ms", "maxMs"],
      "ms",
      none,
    ),
    row(
      "recovery after a broker restart",
      "the broker was away for a second; from its first answer until a reader sees a new row: p50, longest",
      ["restart", network],
      ["p50Ms", "maxMs"],
      "ms",
      peers.restart,
    ),
    row(
      "longest wait for a commit while background jobs work, a million rows",
      "50 msg/s, each committed at once, while retention, maintenance and (MeshCore) neighbour building have work: longest latency",
      ["jobs", network, "into-1M"],
      ["maxMs"],
      "ms",
      none,
    ),
  ];
}

/** Rows of the executable that `deno task compile` made, or of the sources. */
function otherwise(program: OtherProgram, network: string, none: readonly string[]): PageRow[] {
  const title = program === "source" ? "from source" : program;
  const of = (what: string, how: string, kind: string, figures: FigureName[], unit: string) =>
    row(`${title}: ${what}`, how, [kind, program, network, "full"], figures, unit, none);
  return [
    of("rate", RATE, "burst", ["messagesPerSecond"], "msg/s"),
    of("CPU for 1,000 messages", CPU, "burst", ["cpuSecondsPerThousand"], "s"),
    of("memory, idle and at its peak", RSS, "burst", ["idleRssMib", "peakRssMib"], "MiB"),
    of("/metrics under full load", "as above", "http", ["p50Ms", "p99Ms", "maxMs"], "ms"),
    of("start to first row", "as above", "start", ["p50Ms", "maxMs"], "ms"),
  ];
}

const NO_PEERS = ["–", "–"];
const NO_PEER = ["–"];

/** The sections of the page. */
export const pageSections: readonly PageSection[] = [
  {
    title: "Meshtastic",
    peers: ["meshpipe-go", "Malla's capture"],
    note:
      "The peers were measured on the same kind of machine (two shared cores), with bursts of 100,000 (Malla: 5,000) at QoS 0; ranges over six runs.",
    rows: [
      ...burst("full indexes, new database", words("full", "into-0"), {
        stored: ["2.6–3.5 %", "all but JSON, which it skips"],
        rate: ["611–1,134", "120–644"],
      }, NO_PEERS),
      ...burst("minimal indexes, new database", words("minimal", "into-0"), {
        stored: NO_PEERS,
        rate: NO_PEERS,
      }, NO_PEERS),
      ...burst("full indexes, into a million rows", words("full", "into-1M"), {
        stored: NO_PEERS,
        rate: NO_PEERS,
      }, NO_PEERS),
      ...burst("minimal indexes, into a million rows", words("minimal", "into-1M"), {
        stored: NO_PEERS,
        rate: NO_PEERS,
      }, NO_PEERS),
      ...burst(
        "mosquitto's own settings",
        ["burst", "meshtastic", "full", "into-0", "qos-0", "defaults"],
        { stored: NO_PEERS, rate: NO_PEERS },
        NO_PEERS,
      ),
      ...costs(words("full", "into-0"), {
        cpu: ["0.42–0.48", "1.0–1.5"],
        rss: ["19.6 / 33–44", "57 / 60"],
        written: NO_PEERS,
        database: ["661–757", "663–691"],
        commits: ["about 4 a row", "2.9–7.2 disk syncs a row"],
      }),
      row(
        "written in a burst, minimal indexes",
        WRITTEN,
        words("minimal", "into-0"),
        ["writtenKb", "writtenKbClosed"],
        "KB a message",
        NO_PEERS,
      ),
      ...steady("meshtastic", {
        latency: ["0.6–1.1 / 5–430 / –", "1.3–3.2 / 14–716 / –"],
        written: NO_PEERS,
        restart: ["595 of 597 messages lost", "389 of 397 messages lost"],
      }, NO_PEERS),
      ...OTHER_PROGRAMS.flatMap((program) => otherwise(program, "meshtastic", NO_PEERS)),
    ],
  },
  {
    title: "MeshCore",
    peers: ["CoreScope's ingestor"],
    note:
      "CoreScope's ingestor was measured on the same kind of machine. It commits five to eight times for each message; SIGTERM discards what it has in its buffer.",
    rows: [
      ...burst("new database", ["burst", "meshcore", "into-0", "qos-0", "deploy"], {
        stored: ["about half"],
        rate: ["274–390"],
      }, NO_PEER),
      ...burst("into a million rows", ["burst", "meshcore", "into-1M", "qos-0", "deploy"], {
        stored: NO_PEER,
        rate: NO_PEER,
      }, NO_PEER),
      ...burst("mosquitto's own settings", ["burst", "meshcore", "into-0", "qos-0", "defaults"], {
        stored: NO_PEER,
        rate: NO_PEER,
      }, NO_PEER),
      ...costs(["burst", "meshcore", "into-0", "qos-0", "deploy"], {
        cpu: NO_PEER,
        rss: NO_PEER,
        written: ["71–81"],
        database: NO_PEER,
        commits: ["5–8 a message"],
      }),
      ...steady("meshcore", { latency: NO_PEER, written: ["71–81"], restart: NO_PEER }, NO_PEER),
      ...OTHER_PROGRAMS.flatMap((program) => otherwise(program, "meshcore", NO_PEER)),
    ],
  },
];

function words(...more: readonly string[]): string[] {
  return ["burst", "meshtastic", "qos-0", "deploy", ...more];
}
