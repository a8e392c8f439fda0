import assert from "node:assert/strict";
import fc from "fast-check";
import {
  topicFilterCovers,
  topicFilterFault,
  topicFiltersOverlap,
  withoutCovered,
} from "../../src/config/topic_filter.ts";

Deno.test("topicFilterFault() says what is wrong with a filter", () => {
  for (const good of ["#", "+", "msh/#", "msh/+/2/e/#", "/", "a//b", "$SYS/#"]) {
    assert.equal(topicFilterFault(good), undefined, good);
  }
  for (const bad of ["", "msh/#/x", "msh#", "a/b+/c", "a\0b", "x".repeat(65536)]) {
    assert.equal(typeof topicFilterFault(bad), "string", bad.slice(0, 20));
  }
});

Deno.test("topicFiltersOverlap() knows wildcards, parents and $ topics", () => {
  const yes = [["#", "a"], ["a/#", "a"], ["a/+", "+/b"], ["a/+/c", "a/b/#"], ["a", "a"], [
    "$a/#",
    "$a/b",
  ]];
  const no = [["a", "b"], ["a/+", "a"], ["a/+", "a/b/c"], ["#", "$SYS/x"], ["+/x", "$SYS/x"], [
    "a/#",
    "b/#",
  ]];
  for (const [a, b] of yes) {
    assert.ok(topicFiltersOverlap(a!, b!) && topicFiltersOverlap(b!, a!), `${a} ${b}`);
  }
  for (const [a, b] of no) {
    assert.ok(!topicFiltersOverlap(a!, b!) && !topicFiltersOverlap(b!, a!), `${a} ${b}`);
  }
});

/** Does a topic match a filter, by the letter of the MQTT specification. */
function matches(filter: string, topic: string): boolean {
  if (topic.startsWith("$") && /^[#+]/.test(filter)) return false;
  const levels = filter.split("/");
  const names = topic.split("/");
  for (const [i, level] of levels.entries()) {
    if (level === "#") return true;
    if (i >= names.length) return false;
    if (level !== "+" && level !== names[i]) return false;
    if (i === names.length - 1 && levels.length === i + 2 && levels[i + 1] === "#") return true;
  }
  return levels.length === names.length;
}

Deno.test("topicFiltersOverlap() says yes exactly when some topic matches both", () => {
  const words = ["a", "b", "$"];
  const topics: string[] = [];
  const grow = (prefix: string, depth: number) => {
    for (const word of words) {
      const topic = prefix + word;
      topics.push(topic);
      if (depth < 3) grow(`${topic}/`, depth + 1);
    }
  };
  grow("", 0);
  const level = fc.constantFrom("a", "b", "+", "$");
  const filter = fc.tuple(fc.array(level, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([levels, all]) => (all ? [...levels, "#"] : levels).join("/"));
  fc.assert(
    fc.property(filter, filter, (a, b) => {
      const expected = topics.some((topic) => matches(a, topic) && matches(b, topic));
      assert.equal(topicFiltersOverlap(a, b), expected);
    }),
    { numRuns: 300 },
  );
});

Deno.test("topicFilterCovers() knows wildcards, parents and $ topics", () => {
  for (
    const [outer, inner] of [["#", "a/b"], ["a/#", "a"], ["a/#", "a/+/c"], ["a/+", "a/b"], [
      "a",
      "a",
    ]]
  ) assert.equal(topicFilterCovers(outer!, inner!), true, `${outer} ${inner}`);
  for (
    const [outer, inner] of [["a/+", "a"], ["a/+", "a/#"], ["a/b", "a/+"], ["#", "$SYS/#"], [
      "a",
      "a/b",
    ]]
  ) assert.equal(topicFilterCovers(outer!, inner!), false, `${outer} ${inner}`);
});

Deno.test("withoutCovered() keeps no filter that another one covers, and loses no topic", () => {
  assert.deepEqual(withoutCovered(["a/+/x", "a/#", "a/#", "b"]), ["a/#", "b"]);
  const level = fc.constantFrom("a", "b", "+");
  const filter = fc.tuple(fc.array(level, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([levels, all]) => [...levels, ...(all ? ["#"] : [])].join("/"));
  const topic = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 });
  fc.assert(fc.property(fc.array(filter, { maxLength: 5 }), topic, (filters, levels) => {
    const kept = withoutCovered(filters);
    const matches = (one: string) => topicFilterCovers(one, levels.join("/"));
    assert.equal(kept.some(matches), filters.some(matches));
    assert.equal(new Set(kept).size, kept.length);
  }));
});
