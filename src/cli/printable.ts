/** Text that strangers wrote, made fit for a terminal. @module */

/** `text` without what could move a cursor or turn the direction of writing. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}
