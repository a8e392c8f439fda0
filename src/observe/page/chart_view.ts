/// <reference lib="dom" />
/** Charts of the last hours. @module */
import uPlot from "uplot";
import type { SampleHistory } from "../../storage/sample_history.ts";
import type { HistoryAnswer } from "../page_api.ts";
import { perMinute, stretches } from "./chart_data.ts";
import { byId, make, setAttribute, setText, show, showEmpty } from "./dom.ts";
import {
  bytes,
  growthPerDay,
  milliseconds,
  networkWords,
  problemWords,
  rate,
  whole,
} from "./format.ts";

/** One chart: a line for each network. */
interface ChartKind {
  readonly title: string;
  /** Value of each stretch. */
  readonly values: (history: SampleHistory) => (number | null)[];
  readonly inWords: (value: number) => string;
  /** Whether only whole numbers make sense on the axis. */
  readonly counts?: true;
}

const KINDS: readonly ChartKind[] = [
  {
    title: "Messages a minute",
    values: ({ columns }) => perMinute(columns),
    inWords: rate,
  },
  {
    title: "No key reads it, share of packets",
    values: ({ columns }) =>
      columns.stored.map((all, i) => {
        const seen = Math.max(all, columns.noKey[i]!);
        return seen === 0 ? null : columns.noKey[i]! / seen * 100;
      }),
    inWords: (value) => `${value.toFixed(value < 10 ? 1 : 0)} %`,
  },
  {
    title: "Longest commit",
    values: ({ columns }) =>
      columns.commitMsMax.map((ms, i) => columns.commits[i]! > 0 ? ms : null),
    inWords: milliseconds,
  },
  {
    title: "Most messages waiting",
    values: ({ columns }) => columns.queueMax,
    inWords: whole,
    counts: true,
  },
  {
    title: "Size of the database",
    values: ({ columns }) => columns.databaseBytes.map((n) => n > 0 ? n : null),
    inWords: bytes,
  },
  {
    title: "Sources connected",
    values: ({ columns }) => columns.sourcesUp,
    inWords: whole,
    counts: true,
  },
];

/** Height of a chart in CSS pixels. */
const HEIGHT = 150;

interface Drawn {
  readonly kind: ChartKind;
  readonly figure: HTMLElement;
  readonly box: HTMLElement;
  readonly caption: HTMLElement;
  plot: uPlot | undefined;
  signature: string;
}

/** The charts on the page. */
export class ChartView {
  readonly #drawn: Drawn[];
  readonly #growth = new Map<string, number>();
  readonly #now: () => number;
  #last: HistoryAnswer | undefined;
  #hours = 6;

  /** `now` is the service's time in Unix milliseconds. Draws nothing before the first history. */
  constructor(now: () => number) {
    this.#now = now;
    this.#drawn = KINDS.map((kind) => {
      const box = make("div", { class: "plot" });
      const caption = make("figcaption");
      const figure = make(
        "figure",
        { class: "chart" },
        make("h3", { text: kind.title }),
        box,
        caption,
      );
      byId("charts").append(figure);
      return { kind, figure, box, caption, plot: undefined, signature: "" };
    });
    new ResizeObserver(() => this.#resize()).observe(byId("charts"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      for (const one of this.#drawn) one.signature = "";
      if (this.#last !== undefined) this.draw(this.#last, this.#hours);
    });
  }

  /** Bytes a day by which each network's database grows. */
  get growth(): ReadonlyMap<string, number> {
    return this.#growth;
  }

  /** Draws a history over so many hours. */
  draw(told: HistoryAnswer, hours: number): void {
    const answer = { ...told, networks: { ...this.#kept(told, hours), ...told.networks } };
    this.#last = answer;
    this.#hours = hours;
    const names = Object.keys(answer.networks);
    for (const name of names) {
      const { at, databaseBytes } = answer.networks[name]!.columns;
      const growth = growthPerDay(at, databaseBytes);
      if (growth === undefined) this.#growth.delete(name);
      else this.#growth.set(name, growth);
    }
    const rows = names.reduce((sum, name) => sum + answer.networks[name]!.columns.at.length, 0);
    const nothing = rows > 0
      ? undefined
      : "The first minute is not over yet. Charts begin with it, and go on where they were after a restart.";
    showEmpty("history-empty", problemWords(answer.problems) ?? nothing);
    show(byId("charts"), rows > 0);
    if (rows > 0) { for (const one of this.#drawn) this.#drawOne(one, answer, names, hours); }
  }

  /** What was drawn over as many hours of networks whose databases do not answer. */
  #kept({ problems }: HistoryAnswer, hours: number): HistoryAnswer["networks"] {
    if (this.#last === undefined || this.#hours !== hours) return {};
    return Object.fromEntries(
      Object.entries(this.#last.networks).filter(([name]) => Object.hasOwn(problems, name)),
    );
  }

  #drawOne(one: Drawn, answer: HistoryAnswer, names: readonly string[], hours: number): void {
    const { kind } = one;
    const step = Math.max(...names.map((name) => answer.networks[name]!.step));
    const times = stretches(this.#now(), hours, step);
    // Stretches in which the service did not run are gaps, not straight lines.
    const lines = names.map((name) => {
      const history = answer.networks[name]!;
      const values = kind.values(history);
      const byTime = new Map(history.columns.at.map((at, i) => [at, values[i]!]));
      return times.map((at) => byTime.get(at) ?? null);
    });
    const summary = names.map((name, i) => summarise(networkWords(name), lines[i]!, kind)).join(
      "; ",
    );
    setText(one.caption, summary);
    setAttribute(one.box, "aria-hidden", "true");
    const data = [times, ...lines] as uPlot.AlignedData;
    const signature = names.join();
    if (one.plot === undefined || one.signature !== signature) {
      one.plot?.destroy();
      one.signature = signature;
      one.plot = new uPlot(optionsOf(kind, names, one.box.clientWidth), data, one.box);
    } else one.plot.setData(data);
  }

  #resize(): void {
    for (const { plot, box } of this.#drawn) {
      const width = box.clientWidth;
      if (plot !== undefined && width > 0 && plot.width !== width) {
        plot.setSize({ width, height: HEIGHT });
      }
    }
  }
}

/** A line in words, for those who do not see it. */
function summarise(
  network: string,
  line: readonly (number | null)[],
  { inWords }: ChartKind,
): string {
  const known = line.filter((value) => value !== null);
  if (known.length === 0) return `${network}: nothing known`;
  const highest = known.reduce((a, b) => Math.max(a, b));
  return `${network}: last ${inWords(known.at(-1)!)}, highest ${inWords(highest)}`;
}

function optionsOf(kind: ChartKind, names: readonly string[], width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const font = `12px ${colour("--sans")}`;
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font,
  };
  return {
    width: Math.max(200, width),
    height: HEIGHT,
    // Half of the last label of the axis stands beyond the end of the lines.
    padding: [10, 24, 0, 0],
    legend: { show: false },
    cursor: { show: true, y: false, points: { size: 6 } },
    plugins: [readout(kind, names)],
    scales: {
      x: { time: true },
      y: {
        range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1],
      },
    },
    axes: [
      {
        ...axis,
        size: 26,
        gap: 4,
        space: 70,
        values: (_plot, ticks) => ticks.map(axisTime(ticks)),
      },
      {
        ...axis,
        size: 62,
        space: 32,
        ...(kind.counts ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000] } : {}),
        values: (_plot, ticks) => ticks.map((tick) => kind.inWords(tick)),
      },
    ],
    series: [
      {},
      ...names.map((name) => ({
        label: networkWords(name),
        stroke: colour(`--${name}`) || colour("--ink"),
        width: 1.75,
        spanGaps: false,
        points: { show: false },
        // Told apart without colour, too.
        ...(name === "meshcore" ? { dash: [6, 3] } : {}),
      })),
    ],
  };
}

/** Hours and minutes; days where the axis spans several. */
function axisTime(ticks: readonly number[]): (tick: number) => string {
  const days = ticks.at(-1)! - ticks[0]! > 2 * 86_400;
  return (tick) => {
    const at = new Date(tick * 1000);
    return days
      ? at.toLocaleDateString("en-GB", { day: "numeric", month: "short" })
      : at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  };
}

/** Says the values under the pointer in the corner of the chart. */
function readout(kind: ChartKind, names: readonly string[]): uPlot.Plugin {
  const box = make("p", { class: "readout" });
  return {
    hooks: {
      init: (plot) => {
        box.hidden = true;
        plot.over.append(box);
      },
      setCursor: (plot) => {
        const index = plot.cursor.idx;
        box.hidden = index === null || index === undefined;
        if (index === null || index === undefined) return;
        const at = new Date(plot.data[0][index]! * 1000);
        const values = names.map((name, i) => {
          const value = plot.data[i + 1]![index];
          return `${networkWords(name)} ${
            value === null || value === undefined ? "–" : kind.inWords(value)
          }`;
        });
        setText(
          box,
          `${at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}  ${
            values.join("  ")
          }`,
        );
      },
    },
  };
}
