/** @module */

/** Sum of all series of a metric in Prometheus' text; 0 where there is none. */
export function metricSum(text: string, name: string, labels: RegExp = /(?:)/): number {
  let sum = 0;
  for (const line of text.split("\n")) {
    if (!line.startsWith(name)) continue;
    const match = /^(?:\{(.*)\})? (\S+)$/.exec(line.slice(name.length));
    if (match !== null && labels.test(match[1] ?? "")) sum += Number(match[2]);
  }
  return sum;
}
