/** Dashboard and alert rules must speak of metrics that the service has, in words that Prometheus reads. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { LABELS, type MetricDefinition, METRICS } from "../../src/observe/metric_definitions.ts";
import { fromFileUrl } from "../helpers/paths.ts";
import { Scratch } from "../helpers/scratch.ts";

const DEPLOY = fromFileUrl(new URL("../../deploy/", import.meta.url));
const read = (path: string) => Deno.readTextFileSync(DEPLOY + path);

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly expr: string }[];
}

const rules = (parse(read("prometheus/alerts.yml")) as { groups: { rules: Rule[] }[] }).groups
  .flatMap((group) => group.rules);
const dashboard = JSON.parse(read("grafana/meshcapture.json")) as {
  uid: string;
  panels: Panel[];
  templating: { list: { name: string; definition?: string }[] };
};
const panelExpressions = dashboard.panels.flatMap((panel) => panel.targets ?? [])
  .map(({ expr }) => expr);

/** Definition of a series; a histogram has three. */
function definitionOf(series: string): MetricDefinition | undefined {
  const all: Readonly<Record<string, MetricDefinition>> = METRICS;
  const name = series.replace(/^meshcapture_/, "");
  const exact = all[name];
  if (exact !== undefined) return exact.kind === "histogram" ? undefined : exact;
  const histogram = all[name.replace(/_(bucket|sum|count)$/, "")];
  return histogram?.kind === "histogram" ? histogram : undefined;
}

/** What Prometheus adds itself. */
const ITS_LABELS = ["instance", "job", "le"];

function complaintsOf(expression: string): string[] {
  const complaints: string[] = [];
  for (
    const [, series, selector = ""] of expression.matchAll(/(meshcapture_\w+)(?:\{([^}]*)\})?/g)
  ) {
    const definition = definitionOf(series!);
    if (definition === undefined) {
      complaints.push(`${series} is no metric of ours`);
      continue;
    }
    const labels = [...definition.labels ?? [], ...ITS_LABELS];
    for (const [, label] of selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) {
      if (!labels.includes(label!)) complaints.push(`${series} has no label ${label}`);
    }
  }
  for (const [, list] of expression.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)) {
    for (const label of list!.split(",").map((one) => one.trim())) {
      if (!(label in LABELS) && !ITS_LABELS.includes(label)) complaints.push(`no label ${label}`);
    }
  }
  return complaints;
}

Deno.test("alerts and dashboard name only metrics and labels that the service has", () => {
  const expressions = [...rules.map(({ expr }) => expr), ...panelExpressions];
  assert.ok(expressions.length > 40);
  assert.deepEqual(expressions.flatMap(complaintsOf), []);
  assert.ok(complaintsOf('rate(meshcapture_nonsense_total{colour="red"}[5m])').length > 0);
  assert.ok(complaintsOf('meshcapture_healthy{colour="red"}').length > 0);
});

Deno.test("every alert says what it is and has a test that fires and one that does not", () => {
  const { tests } = parse(read("prometheus/alerts_test.yml")) as {
    tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
  };
  const cases = tests.flatMap((one) => one.alert_rule_test);
  const names = rules.map(({ alert }) => alert);
  assert.equal(new Set(names).size, names.length);
  for (const { alert, labels, annotations } of rules) {
    assert.ok(["info", "warning", "critical"].includes(labels.severity), alert);
    assert.ok(annotations.summary.length > 10 && annotations.description.length > 10, alert);
    const own = cases.filter(({ alertname }) => alertname === alert);
    assert.ok(own.some(({ exp_alerts }) => exp_alerts.length > 0), `${alert} fires in no test`);
  }
  for (const alert of ["MeshcaptureSourceSilent", "MeshcaptureUndecryptable"]) {
    assert.ok(
      cases.some(({ alertname, exp_alerts }) => alertname === alert && exp_alerts.length === 0),
    );
  }
});

Deno.test("the dashboard's panels have titles of their own and do not lie upon each other", () => {
  const ids = dashboard.panels.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const titles = dashboard.panels.map(({ title }) => title);
  assert.equal(new Set(titles).size, titles.length);
  const taken = new Set<string>();
  for (const { title, gridPos: { x, y, w, h } } of dashboard.panels) {
    assert.ok(x + w <= 24, title);
    for (let i = x; i < x + w; i++) {
      for (let j = y; j < y + h; j++) {
        assert.ok(!taken.has(`${i},${j}`), `${title} lies upon another panel`);
        taken.add(`${i},${j}`);
      }
    }
  }
  for (const { definition } of dashboard.templating.list) {
    if (definition !== undefined) assert.deepEqual(complaintsOf(definition), []);
  }
});

function promtool(...args: string[]): { code: number; text: string } {
  const { code, stdout, stderr } = new Deno.Command("promtool", { args, stdin: "null" })
    .outputSync();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

function isInstalled(): boolean {
  try {
    return promtool("--version").code === 0;
  } catch {
    return false;
  }
}

const ignore = !isInstalled();

Deno.test({
  name: "promtool finds each alert firing when it should and not when it should not",
  ignore,
  fn() {
    const tested = promtool("test", "rules", `${DEPLOY}prometheus/alerts_test.yml`);
    assert.equal(tested.code, 0, tested.text);
    const config = promtool("check", "config", `${DEPLOY}prometheus/prometheus.yml`);
    assert.equal(config.code, 0, config.text);
  },
});

Deno.test({
  name: "promtool reads every expression of the dashboard",
  ignore,
  fn() {
    using scratch = new Scratch();
    // What Grafana puts in for its variables, as recording rules.
    const filled = panelExpressions.map((expr) =>
      expr.replaceAll("$__rate_interval", "5m").replaceAll("$instance", ".*")
    );
    const group = {
      name: "dashboard",
      rules: filled.map((expr, i) => ({ record: `panel:${i}`, expr })),
    };
    const path = scratch.file("rules.yml");
    Deno.writeTextFileSync(path, JSON.stringify({ groups: [group] }));
    const checked = promtool("check", "rules", path);
    assert.equal(checked.code, 0, checked.text);
  },
});
