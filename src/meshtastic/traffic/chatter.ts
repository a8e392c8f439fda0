/** What the people of the simulated mesh write to each other. @module */
import type { Random } from "../../traffic/random.ts";

const OPENERS = [
  "Good morning from the ridge",
  "Anyone on the air today?",
  "Testing the new antenna, how do you copy?",
  "Fog over the bay, can see nothing",
  "Batteries full again, sun is out",
  "Moved the relay to the old mill roof",
  "Radio check please",
  "Who runs the node at Tern Point?",
  "Back home, {n} km today",
  "Rain starts in {n} minutes",
  "Meeting at the boat shed at {n}:00",
  "Lost my signal behind the quarry",
  "Grüße vom Leuchtturm",
  "Bonjour à tous, ici le phare",
  "こんにちは、岬から",
  "Solar node up for {n} days now",
  "Kettle is on ☕",
];
const REPLIES = [
  "Copy you fine, {n} dB here",
  "Loud and clear",
  "Not bad, two hops",
  "Same here",
  "Thanks!",
  "See you there",
  "Nice one 😀",
  "Try channel Harbor",
  "Heard you via Amber Lookout",
  "Wind is {n} knots out here",
];
const TAPBACKS = ["👍", "❤️", "😂", "👋", "🎉"];

/** The first message of a conversation. */
export function opener(random: Random): string {
  return fill(random.pick(OPENERS), random);
}

/** An answer to another message. */
export function reply(random: Random): string {
  return fill(random.pick(REPLIES), random);
}

/** An emoji given to another message. */
export function tapback(random: Random): string {
  return random.pick(TAPBACKS);
}

function fill(text: string, random: Random): string {
  return text.replace("{n}", String(random.between(2, 23)));
}
