/** MQTT topic filters: are they valid, do two of them overlap, does one hold another. @module */

/** Says in words what is wrong with a topic filter; undefined for a valid one. */
export function topicFilterFault(filter: string): string | undefined {
  if (filter === "") return "is empty";
  if (new TextEncoder().encode(filter).length > 65535) return "is longer than 65535 bytes";
  if (filter.includes("\0")) return "holds a NUL character";
  const levels = filter.split("/");
  for (const [i, level] of levels.entries()) {
    if (level.includes("#") && (level !== "#" || i !== levels.length - 1)) {
      return "has a # that is not alone in the last level";
    }
    if (level.includes("+") && level !== "+") return "has a + that is not alone in its level";
  }
  return undefined;
}

/**
 * True when some topic matches both filters. A broker may then deliver one message twice, which
 * nothing could tell from two receptions. (Topics that begin with `$` match no leading wildcard.)
 */
export function topicFiltersOverlap(a: string, b: string): boolean {
  if (a.startsWith("$") !== b.startsWith("$") && /^[+#]/.test(a.startsWith("$") ? b : a)) {
    return false;
  }
  return overlap(a.split("/"), b.split("/"));
}

function overlap(a: readonly string[], b: readonly string[]): boolean {
  for (let i = 0;; i++) {
    const left = a[i];
    const right = b[i];
    // `x/#` matches `x` itself, too.
    if (left === "#" || right === "#") return true;
    if (left === undefined || right === undefined) return left === right;
    if (left !== right && left !== "+" && right !== "+") return false;
  }
}

/** True when every topic that matches `inner` matches `outer` too. */
export function topicFilterCovers(outer: string, inner: string): boolean {
  if (outer.startsWith("$") !== inner.startsWith("$")) return false;
  const wide = outer.split("/");
  const narrow = inner.split("/");
  for (const [i, level] of wide.entries()) {
    if (level === "#") return true;
    if (narrow[i] === undefined || narrow[i] === "#") return false;
    if (level !== "+" && level !== narrow[i]) return false;
  }
  return wide.length === narrow.length;
}

/** `filters` without repeated ones and without those that another one covers, in their order. */
export function withoutCovered(filters: readonly string[]): string[] {
  const unique = [...new Set(filters)];
  return unique.filter((one) =>
    !unique.some((other) => other !== one && topicFilterCovers(other, one))
  );
}
