/** The tables that every network's database has for the capture itself. @module */
import type { MigrationSet } from "./migrate.ts";
import sources from "../../migrations/capture/0001_sources.sql" with { type: "text" };
import gaps from "../../migrations/capture/0002_gaps.sql" with { type: "text" };
import quarantine from "../../migrations/capture/0003_quarantine.sql" with { type: "text" };
import state from "../../migrations/capture/0004_state.sql" with { type: "text" };
import topics from "../../migrations/capture/0005_sources_topics.sql" with { type: "text" };
import pendingGaps from "../../migrations/capture/0006_sources_pending_gaps.sql" with {
  type: "text",
};
import samples from "../../migrations/capture/0007_samples.sql" with { type: "text" };
import ledgerIndex from "../../migrations/capture/0009_ledger_index.sql" with { type: "text" };
import retainedSeq from "../../migrations/capture/0008_retained_seq.sql" with { type: "text" };

/** `migrations/capture/`. */
export const captureMigrations: MigrationSet = {
  name: "capture",
  files: [
    ["0001_sources.sql", sources],
    ["0002_gaps.sql", gaps],
    ["0003_quarantine.sql", quarantine],
    ["0004_state.sql", state],
    ["0005_sources_topics.sql", topics],
    ["0006_sources_pending_gaps.sql", pendingGaps],
    ["0007_samples.sql", samples],
    ["0008_retained_seq.sql", retainedSeq],
    ["0009_ledger_index.sql", ledgerIndex],
  ],
};
