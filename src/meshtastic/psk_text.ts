/** A pre-shared key as people write it. @module */

/** Says in words what is wrong with the text of a key (never quoting it); undefined for a good one. */
export function pskFault(text: string): string | undefined {
  if (text === "") return "is empty";
  // Both alphabets: channel links carry the one that is safe in an address.
  const plain = text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  if (!/^[A-Za-z0-9+/]+$/.test(plain) || plain.length % 4 === 1) return "is not base64";
  const padding = text.length - text.replace(/=+$/, "").length;
  if (padding > 0 && (plain.length + padding) % 4 !== 0) return "is not base64: wrong padding";
  const bytes = Math.floor(plain.length * 3 / 4);
  if (bytes > 32) return `has ${bytes} bytes; no Meshtastic key has more than 32`;
  return undefined;
}
