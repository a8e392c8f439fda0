import fc from "fast-check";
import assert from "node:assert/strict";
import { isTopicFilter, topicMatches } from "../../src/mqtt/topic_filter.ts";

Deno.test("topicMatches() follows the examples of the MQTT specification", () => {
  for (
    const [filter, topic, expected] of [
      ["sport/tennis/player1/#", "sport/tennis/player1", true],
      ["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true],
      ["sport/tennis/+", "sport/tennis/player1", true],
      ["sport/tennis/+", "sport/tennis/player1/ranking", false],
      ["sport/+", "sport", false],
      ["sport/+", "sport/", true],
      ["+/+", "/finance", true],
      ["/+", "/finance", true],
      ["+", "/finance", false],
      ["#", "a/b", true],
      ["#", "$SYS/x", false],
      ["+/monitor/Clients", "$SYS/monitor/Clients", false],
      ["$SYS/#", "$SYS/x", true],
      ["a/b", "a/b/c", false],
      ["a/b/c", "a/b", false],
    ] as const
  ) assert.equal(topicMatches(filter, topic), expected, `${filter} and ${topic}`);
});

Deno.test("topicMatches() matches every topic with itself and with #", () => {
  fc.assert(fc.property(fc.stringMatching(/^[a-z/]{1,20}$/), (topic) => {
    assert.equal(topicMatches(topic, topic), true);
    assert.equal(topicMatches("#", topic), true);
    assert.equal(topicMatches(`${topic}/#`, topic), true);
  }));
});

Deno.test("isTopicFilter() allows wildcards only alone, and # only last", () => {
  for (const filter of ["#", "+", "a/#", "a/+/b", "/", "a//b"]) {
    assert.equal(isTopicFilter(filter), true, filter);
  }
  for (const filter of ["", "a#", "#/a", "a/b+", "a/#/b", "a\0"]) {
    assert.equal(isTopicFilter(filter), false, filter);
  }
});
