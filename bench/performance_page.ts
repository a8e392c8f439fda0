/** docs/performance.md, made from the results of a run. @module */
import type { FigureName } from "./figures.ts";
import { goalsOf, judge } from "./goals.ts";
import { growthTable } from "./growth_table.ts";
import { markdownTable } from "./markdown_table.ts";
import { isRowOf, type PageRow, pageSections } from "./page_rows.ts";
import type { Result, Results, SoakResult } from "./results.ts";
import { goalSummary, resultTable } from "./table.ts";

/** The page. Figures of scenarios that were not run are said to be missing, never left out. */
export function performancePage(results: Results): string {
  const { machine, results: all, soak } = results;
  return [
    HEAD,
    `Measured on ${period(all)}: ${machine.cores} cores (${machine.cpu}), ${machine.fileSystem}, ` +
    `Deno ${machine.deno}, mosquitto ${machine.mosquitto}. Broker, publisher and whoever reads the ` +
    "database run on the same cores. *load* is the machine's load average when the measurement " +
    "began: much above 0 it had other work, and every figure is worse for it, the bare limit's too.",
    ...pageSections.map((section) =>
      [
        `## ${section.title}`,
        section.note,
        markdownTable(
          ["what", "how", "meshcapture", "goal", ...section.peers, "scenario", "load"],
          section.rows.map((row) => pageRow(row, all)),
        ),
      ].join("\n\n")
    ),
    "## Goals",
    list(goalSummary(all)),
    "## Growth",
    GROWTH,
    ...growthTables(all),
    ...jobLines(all),
    "## Soak",
    soak === undefined ? "No run is kept in bench/results.json." : soakText(soak),
    "## Every scenario",
    COLUMNS,
    resultTable(all),
    TAIL,
  ].join("\n\n") + "\n";
}

const HEAD = `# Performance

<!-- Made by \`deno task docs\` from bench/results.json. Edit bench/performance_page.ts instead. -->

| command | what | takes |
|---|---|---|
| \`deno task bench --out bench/results.json\` | the whole way of a message: bursts, latency, costs | 30 to 40 minutes, 5 GB below dist/bench |
| \`deno task bench --growth --out bench/results.json\` | what a large database changes | half an hour, 25 GB |
| \`deno task compile\`, \`deno task bench --executable --out bench/results.json\` | the executable | five minutes |
| \`deno task bench --source --out bench/results.json\` | the same from source | five minutes |
| \`deno task soak --out bench/results.json\` | steady traffic, broken connections | half an hour |
| \`deno task docs\` | makes this page of bench/results.json | seconds |
| \`deno task bench --quick\` | a choice, printed only | three minutes |

Words choose scenarios (\`deno task bench burst meshtastic minimal into-0\`), \`--list\` names them, \`--json\`
prints JSON; what is measured again replaces what was there. Large databases stay below dist/bench for the
next run; deleting the folder does no harm. A soak of less than ten minutes still sees memory warm up.

Traffic comes from the generators (200 nodes, 8 gateways or observers), made beforehand; a publisher of
its own process writes it to mosquitto's socket as fast as mosquitto takes it, with the settings of
[deploy/mosquitto.conf](../deploy/mosquitto.conf) where nothing else is said. The service is the bundle that
executables are made of, run by the Deno named below (\`deno task start-bundle\`), with \`synchronous: FULL\` and
its defaults; rows of the executable and from source are called that. Ratios compare
what was measured within the same minute on the same machine; take them rather than the figures.`;

const GROWTH =
  "The same burst into databases of different size. What grows is what the bare loop pays too; the lines *less* are what is ours alone. The pages are counted by reading SQLite's log after each commit of a loop that inserts the rows that the service has stored, in batches of the same size. What differs between the sizes is how many pages of indexes whose keys come in no order (packet ids, hashes) a batch touches: in a small index its rows share pages, in a large one nearly every row has one of its own.";

const COLUMNS =
  `- *stored*, *lost*: rows in the database, and messages that are missing, told apart by what
  the service says that it received: the broker's losses never reached it.
- *bare rows/s*: the limit that SQLite and the machine set beside the same traffic; *ratio*: our rate by it.
- *published/s*: how fast the publisher got rid of the burst. Where it is hardly above *msg/s*, the
  broker was the limit.
- *CPU*: seconds for 1,000 messages, of the service, the bare loop and the broker.
- *written*: KB (1,000 bytes) a message that were sent to storage: until the last commit, with the
  checkpoint at the end, and by the bare loop until its last commit.
- *ms*: latency, answers of /metrics, or times of starts and restarts, by the kind of scenario; *timed*:
  how many; *bare ms*: for a latency with interval 0, a subscriber that commits topic and payload alone at
  once; for /metrics, a server in a process of its own that has nothing else to do; for a start, a Deno program that
  does nothing.
- ✓ and ✗: a goal that is met or missed.`;

const TAIL = `## What bounds a burst

Profiled by hand (V8's sampling profiler on both threads, shares of busy time; the kernel's own account of
threads).

- **Full indexes**: the storage thread, and the two cores. 82 % of its time is SQLite's insert into 20 indexes, 12 % the
  transactions, 6 % ours. The bare loop beside the same traffic is the limit, and alone it takes about half
  of the CPU time that the service takes. Of 3.7 s that a burst of 100,000 took at QoS 0, the storage thread ran for 2.6
  and waited 0.4 for a core that the main thread, V8's threads, broker and publisher had; 0.25 went by until the
  third batch, while publisher and broker wanted both cores and the decoder ran for the first time (its first 2,000
  messages take 83 ms, 2,000 later ones 15); the rest is the disk's. At QoS 0 the publisher is done after 0.3 s,
  and the bare loop then has the machine to itself, at QoS 1 only later: hence its larger share of the limit there.
- Having the next batch wait at the writer, so that the pause between two commits is 0.6 ms instead of 3.5, changed the
  rate by less than two runs differ (1.6 % over seven pairs), and so does node:crypto in Web Crypto's place. Neither was kept.
- **Minimal indexes**: the two cores. The main thread spends 20–25 % in garbage collection, 15 % in
  decoding, 10 % in Web Crypto (25–32 µs a call; what several gateways publish is decrypted once), 10 % in
  reading messages; the rest is spread thin. Publisher and broker take their part of the same cores.
- **MeshCore**: the main thread, with \`JSON.parse\` and garbage collection at 11 % each and reading
  packets at 8 %; the bare loop, to which none of this is left, is two to three times as fast. Eight tenths of it
  are out of reach on two cores: at QoS 1 that is 50,000 a second, 40 µs of both cores for a message, of which broker and
  inserts take 18. What is left, 22 µs, would have to do for the publisher and for all that makes rows of messages, for which we
  need 35.
- **At 50 messages a second** what is written is what 20 indexes and ten commits a second take: the bare
  loop, committing the same rows in the same batches, writes as much. New databases have pages of 2,048
  bytes for that: with SQLite's own 4,096 it was 31.4 KB a message (the bare loop's 31.1), with 2,048 bytes 21.5
  (22.4); in a burst 4.9 KB became 5.2, and the file grows by 763 bytes a message instead of 732.

## Memory

In a burst a message is alive while up to 24,000 others come in: those that wait (\`queue.max_messages\`) and two
batches. V8's young generation holds fewer, so what belongs to a message is moved into the old one, dies there,
and the old one grows to several times what is alive before it is swept: 43 MB were alive in a heap of 269.
So less is made for a message (messages are read below mqtt.js, what several gateways publish is decrypted
once, a record is packed into memory that both threads see as soon as it is decoded, and the queue lets go of what was
taken), and V8 is told, by \`deno task start\` and in the executable, to keep little
room for the young and to let the old grow by seven tenths only
(\`--max-semi-space-size=2,--heap-growing-percent=70\`). A burst of 100,000 with full indexes, by hand: peak
RSS 432 MB at first, 349 after the former, 191 with both. How far the old may grow is memory for time: with 40 a burst
of MeshCore, of all the one that needs most, peaked at 181 to 192 MiB, with 70 at 190 to 197 and 7 % less CPU time, with 100 at
191 to 202 and 8 % less. Other flags: a young generation of 4 MB alone
gives 237 where none gives 269 and both 177; \`--optimize-for-size\` saves as much and costs 40 % more CPU time;
\`--max-old-space-size\` costs more, and would end the process when a queue is long.

Of the CPU time that V8's own threads take in a burst, half is for compiling: \`--no-turbofan\`, or TurboFan only for
what ran 200,000 times, saves 6 to 8 % of all CPU time with Meshtastic and costs MeshCore's main thread 15 to 20 %, so it
is left as it is. Beginning with TurboFan at 15,000 instead of 3,000 calls, feedback from the first call on, or a young
generation of 4 or 8 MB changed nothing that could be told from noise; an old generation that may be of 40 MB before the
first sweep (\`--initial-old-space-size\`) gave MeshCore up to a tenth at QoS 0, nothing at QoS 1, and a peak of 217 MiB.

At rest the executable holds what its runtime takes (47 MB for a program that does nothing, 36 of them pages
of its own file; 13 for a second thread, 6 for SQLite and a socket), and 14 of its own. A service started from source
holds the graph of its modules beside that: 18 MB more than the same code bundled, by the same Deno, which is
why the bundle is what a small machine without the executable should run. In soaks of half an hour resident memory rose by 12 to 17 MiB,
in steps that fall back: glibc's heap, while V8's stayed as it was. Broken connections leave buffers for V8 to find:
2,400 of them in 200 seconds raised the executable from 79 to 110 MiB within the first thousand, and by 1 MiB more
until the last.

When neighbours are built of a million receptions that were never looked at, as at the first start on a database taken
over from CoreScope, V8's heap and SQLite's cache of the storage thread grow, and 20 MiB stay taken until the next start: 103
MiB at rest instead of 81. The bursts into a million rows below begin with such a database.

Building an index is the one job that needs memory by the row: sorted in memory it took 62 MB for a million rows, sorted
in files, as it is now, 8, in no more time.

## Answers under load

Deno's event loop looks for what has come from the network after 61 pieces of work, or when there is none. In
a burst a piece is a slice of a batch, so a request for /metrics could lie there for a tenth of a second while
a server with nothing to do beside it answered in 5 ms. \`DENO_TOKIO_EVENT_INTERVAL=1\`, which \`deno task start\`, the
systemd unit and the container set, has it look after each; batches are decoded and packed in slices
of 50, and a scrape waits for nobody: sizes and the free room of the disk are asked for beforehand. By hand, in turns: p99
of /metrics 34 to 69 ms looking after 8 pieces, 18 to 47 after each, at the same rate and 3 to 5 % less CPU
time. What is left is the main thread's waiting for its turn while publisher, broker, storage thread and the reader that counts
rows want the same two cores: a server in a process of its own, asked in turn, answers in 5 to 10 ms (*bare ms* below).
Answering in a thread of its own would do the same, and cost 10 MB at rest.

Deno 2.4, the executable's runtime, needs twice as long in a burst. Slow answers come about as often as its collections of
garbage, whose end takes 2 to 6 ms and whose steps before take up to 12 each; that the one is the other's cause was not
shown, for without steps, or on one thread, it is the same. Its setImmediate() is a timer that sleeps for a millisecond, so there a slice goes round the event loop with a message
to itself: 38,000 messages a second with minimal indexes instead of 25,600, 35,100 instead of 26,000 with MeshCore.

## The executable

Measured by hand, not by the bench, on the same machine: \`deno task compile\` with Deno 2.4.2 for Linux on x86-64
makes 89.5 MB. \`meshcapture run\` with one network and mosquitto beside it answers /readyz with 200, connected and its
database open, after 101 and 129 ms (Meshtastic) and 105 and 134 (MeshCore) in the middle of 30 starts, twice within an hour;
95 at best and 144 at worst. A machine half as fast needed 250 to 312. Eleven seconds after its start it has 78 to
79 MiB with \`MALLOC_ARENA_MAX=2\`, which the systemd unit and the container set; where the file has just been
written, the kernel maps 4 MiB more of it, because it still has it in larger pieces. What V8 has compiled is kept in TMPDIR:
the first start of all finds none, takes up to 0.1 s more (137 to 183 ms here) and leaves 84 to 88 MiB.

The bundle is cut into the parts that are loaded when they are needed, and V8 compiles every function of a part when it
is loaded (\`--no-lazy\`): that is kept for the next start, while what it compiles when a function first runs is not.
Functions that did not run between two looks for garbage are given up again (\`--bytecode-old-age=1\`), which is why
memory is the same. The rest of the start is, in falling order, code and configuration of the service, Deno's own, the
storage thread, whose making stops the main thread until it runs, its code and opening the database, and the connection.

## Not measured

- Wear of an SD card: bytes are counted where the kernel hands them to the device, not what a card makes
  of them.
- A network between broker and service: everything runs over loopback, without TLS.
- Other brokers than mosquitto, and the embedded one.
- Power: neither a Raspberry Pi nor any other ARM machine was at hand.`;

/** What a figure is called beside others of the same row. */
const SHORT: Partial<Record<FigureName, string>> = {
  lostByBroker: "by the broker",
  lostByUs: "by us",
  idleRssMib: "idle",
  peakRssMib: "peak",
  writtenKb: "until the last commit",
  writtenKbClosed: "with the checkpoint",
  p50Ms: "p50",
  p99Ms: "p99",
  maxMs: "longest",
};

function pageRow(row: PageRow, all: readonly Result[]): string[] {
  const found = all.find((one) => isRowOf(row, one.scenario));
  if (found === undefined) return [row.what, row.how, "not measured", "", ...row.peers, "", ""];
  const verdicts = judge(goalsOf(found.scenario), found.figures)
    .filter((one) => row.figures.includes(one.figure));
  const values = row.figures.map((name) => found.figures[name] ?? "–").join(" / ");
  const goals = verdicts.map(({ must, bound, met, figure }) => {
    const which = row.figures.length === 1 ? "" : ` (${SHORT[figure] ?? figure})`;
    return `${must === ">=" ? "≥" : "≤"} ${bound}${which} ${met ? "✓" : "✗"}`;
  });
  return [
    row.what,
    row.how,
    row.unit === "" ? values : `${values} ${row.unit}`,
    goals.join("<br>"),
    ...row.peers,
    found.name,
    String(found.load),
  ];
}

function growthTables(all: readonly Result[]): string[] {
  const grown = all.filter((one) => one.scenario.kind === "growth");
  if (grown.length === 0) return ["Not run yet."];
  const networks = [...new Set(grown.map((one) => one.scenario.network))];
  return networks.map((network) =>
    growthTable(grown.filter((one) => one.scenario.network === network))
  );
}

function jobLines(all: readonly Result[]): string[] {
  return all.filter((one) => one.figures.jobs !== undefined).map(({ name, figures }) => {
    const done = Object.entries(figures.jobs!).map(([what, n]) => `${n} ${what}`).join(", ");
    return `*${name}*: ${done} meanwhile; the longest wait was ${figures.maxMs} ms.`;
  });
}

function soakText({ at, seconds, rate, passed, checks }: SoakResult): string {
  const rows = checks.map((one) => [
    one.what,
    String(one.value),
    String(one.atMost),
    one.passed ? "✓" : "✗",
  ]);
  return `${passed ? "Passed" : "Failed"} on ${at}: ${
    seconds / 60
  } minutes at ${rate} messages a second ` +
    "on each network, with connections cut and the broker restarted in turn.\n\n" +
    markdownTable(["what", "was", "at most", ""], rows);
}

function period(all: readonly Result[]): string {
  const days = [...new Set(all.map((one) => one.at.slice(0, 10)))].sort();
  if (days.length === 0) return "no day yet";
  return days.length === 1 ? days[0]! : `${days[0]} to ${days.at(-1)}`;
}

function list(lines: string): string {
  return lines.split("\n").map((line) => `- ${line}`).join("\n");
}
