/** Version of meshcapture; a test keeps it equal to deno.json's. @module */

/** Semantic version. */
export const VERSION = "0.1.0";
