/** Node numbers and their written form. @module */

/** Address of everybody; it is no node. */
export const BROADCAST = 0xffffffff;

const HEX = "0123456789abcdef";

/** `!` and eight lower-case hex digits. */
export function nodeHexId(nodeId: number): string {
  return `!${nodeId.toString(16).padStart(8, "0")}`;
}

/**
 * Node number of a written id: `!` and 1–8 hex digits of either case. Undefined for anything else,
 * for 0 and for the broadcast address: none of these is a node.
 */
export function parseNodeId(text: string): number | undefined {
  if (text.length < 2 || text.length > 9 || text.charCodeAt(0) !== 0x21) return undefined;
  let nodeId = 0;
  for (let i = 1; i < text.length; i++) {
    const digit = HEX.indexOf(text[i]!.toLowerCase());
    if (digit < 0) return undefined;
    nodeId = nodeId * 16 + digit;
  }
  return isNode(nodeId) ? nodeId : undefined;
}

/** True for a number that can belong to one node. */
export function isNode(nodeId: number): boolean {
  return nodeId !== 0 && nodeId !== BROADCAST;
}
