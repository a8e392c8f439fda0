import assert from "node:assert/strict";
import fc from "fast-check";
import { parseTopic } from "../../src/meshtastic/topic.ts";

Deno.test("parseTopic() finds type and channel at any depth of the region", () => {
  for (const root of ["msh", "msh/EU_868", "msh/US/CA/Fresno", "msh/a/b/c/d/e", "a/2/b", "msh/2"]) {
    assert.deepEqual(parseTopic(`${root}/2/e/LongFast/!0a0b0c0d`), {
      kind: "envelope",
      messageType: "e",
      channelName: "LongFast",
    });
  }
});

Deno.test("parseTopic() knows the five types", () => {
  const kinds = ["e", "c", "map", "json", "stat"].map((type) => {
    const topic = parseTopic(`msh/EU_868/2/${type}/x/!1`);
    return [topic.kind, topic.messageType, topic.channelName];
  });
  assert.deepEqual(kinds, [
    ["envelope", "e", "x"],
    ["envelope", "c", "x"],
    ["map", "map", "x"],
    ["json", "json", "x"],
    ["stat", "stat", null],
  ]);
});

Deno.test("parseTopic() says unwanted for anything else", () => {
  for (const topic of ["", "/", "msh", "msh/2", "msh/2/", "msh/1/e/X/!1", "msh/EU_868/2/p/X/!1"]) {
    assert.equal(parseTopic(topic).kind, "unwanted", topic);
  }
});

Deno.test("parseTopic() says null where there is no channel segment", () => {
  assert.equal(parseTopic("msh/EU_868/2/map/").channelName, null);
  assert.equal(parseTopic("msh/2/e").channelName, null);
  assert.equal(parseTopic("msh/2/e/!0a0b0c0d").channelName, null);
});

Deno.test("parseTopic() keeps a channel name with a slash whole", () => {
  assert.equal(parseTopic("msh/2/e/A/B/!0a0b0c0d").channelName, "A/B");
});

Deno.test("parseTopic() never throws, and finds every well-formed channel", () => {
  fc.assert(fc.property(fc.string(), (topic) => void parseTopic(topic)));
  const segment = fc.string({ minLength: 1 }).filter((s) => !/[/!]/.test(s) && s !== "2");
  fc.assert(fc.property(fc.array(segment), segment, (region, channel) => {
    const topic = ["msh", ...region, "2", "e", channel, "!1"].join("/");
    assert.equal(parseTopic(topic).channelName, channel);
  }));
});
