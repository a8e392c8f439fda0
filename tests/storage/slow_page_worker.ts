/** A page's thread for tests whose questions about nodes take half a second or so. @module */
import { servePage } from "../../src/storage/page_thread.ts";

servePage({
  nodes: (reader, limit) =>
    reader.query(
      `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
       SELECT count(*) AS n FROM numbers`,
      limit,
    ),
  countNodes: () => 0,
  recent: () => "soon",
});
