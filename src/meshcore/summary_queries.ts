/** Counts for a person. @module */

/** One line of SQL a row. */
export const meshcoreSummary: readonly { readonly title: string; readonly sql: string }[] = [
  { title: "transmissions", sql: "SELECT count(*) FROM transmissions" },
  { title: "receptions of them", sql: "SELECT count(*) FROM observations" },
  { title: "nodes", sql: "SELECT count(*) FROM nodes" },
  { title: "observers", sql: "SELECT count(*) FROM observers" },
  {
    title: "channel messages read",
    // `enc_` and the hash byte stand where no key opens the message.
    sql:
      "SELECT count(*) FROM transmissions WHERE payload_type = 5 AND substr(channel_hash, 1, 4) <> 'enc_'",
  },
  {
    title: "channels",
    sql: "SELECT count(DISTINCT channel_hash) FROM transmissions WHERE payload_type = 5",
  },
  { title: "refused packets", sql: "SELECT count(*) FROM dropped_packets" },
];
