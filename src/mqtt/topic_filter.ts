/**
 * MQTT topic filters (MQTT 3.1.1, section 4.7).
 *
 * @module
 */

/** True when `filter` may be subscribed to: `#` last and alone in its level, `+` alone in its level. */
export function isTopicFilter(filter: string): boolean {
  if (filter === "" || filter.includes("\0") || filter.length > 65_535) return false;
  const levels = filter.split("/");
  return levels.every((level, index) =>
    level === "#" ? index === levels.length - 1 : level === "+" || !/[+#]/.test(level)
  );
}

/** True when `topic` matches `filter`. Topics that begin with `$` are hidden from leading wildcards. */
export function topicMatches(filter: string, topic: string): boolean {
  if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
  const wanted = filter.split("/");
  const levels = topic.split("/");
  for (let i = 0; i < wanted.length; i++) {
    // "a/#" matches "a" as well (4.7.1.2).
    if (wanted[i] === "#") return true;
    if (i >= levels.length) return false;
    if (wanted[i] !== "+" && wanted[i] !== levels[i]) return false;
  }
  // "a/#" and "a" again: the filter is longer by one, but its rest is "#".
  return wanted.length === levels.length;
}
