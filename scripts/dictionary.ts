/**
 * docs/dictionary.md: every table and column of both databases. Names and types are those of
 * databases that the migrations make; what they mean stands in the migrations, after each column.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { viewStatements as meshcoreViews } from "../src/meshcore/store_schema.ts";
import { meshcoreMigrations } from "../src/meshcore/store_migrations.ts";
import { viewStatements as meshtasticViews } from "../src/meshtastic/store_schema.ts";
import { meshtasticMigrations } from "../src/meshtastic/store_migrations.ts";
import { captureMigrations } from "../src/storage/capture_migrations.ts";
import { ensureViews } from "../src/storage/schema.ts";
import { migrate, type MigrationSet } from "../src/storage/migrate.ts";
import { transaction } from "../src/storage/transaction.ts";

/** A column of a table or view. */
export interface DictionaryColumn {
  /** Its name. */
  readonly name: string;
  /** Declared type; empty for what a view computes. */
  readonly type: string;
  /** What it holds; undefined where no migration says. */
  readonly meaning: string | undefined;
}

/** A table or view. */
export interface DictionaryTable {
  /** Its name. */
  readonly name: string;
  /** What its rows are, where a migration says. */
  readonly about: string | undefined;
  /** Its columns in their order. */
  readonly columns: readonly DictionaryColumn[];
}

/** One database. */
export interface DictionaryDatabase {
  /** Its network's name. */
  readonly network: string;
  /** Its tables, then its views. */
  readonly tables: readonly DictionaryTable[];
  /** Its views. */
  readonly views: readonly DictionaryTable[];
}

const DATABASES = [
  {
    network: "Meshtastic",
    sets: [captureMigrations, meshtasticMigrations],
    views: meshtasticViews,
  },
  { network: "MeshCore", sets: [captureMigrations, meshcoreMigrations], views: meshcoreViews },
] as const;

/** What the runner itself makes (src/storage/migrate.ts); no migration can. */
const RUNNER = `-- Migrations that are done.
CREATE TABLE IF NOT EXISTS capture_migrations (
  name TEXT, -- set and file name of the migration
  applied_at REAL -- when, seconds since the epoch
);`;

/** Both databases, as the migrations make them. */
export function dictionary(): DictionaryDatabase[] {
  return DATABASES.map(({ network, sets, views }) => {
    const db = new DatabaseSync(":memory:");
    try {
      transaction(db, () => migrate(db, sets, 0));
      ensureViews(db, views());
      const words = wordsOf(sets);
      return {
        network,
        tables: describe(db, "table", words),
        views: describe(db, "view", words),
      };
    } finally {
      db.close();
    }
  });
}

/** What the SQL says, by `table` and by `table.column`. */
function wordsOf(sets: readonly MigrationSet[]): Map<string, string> {
  const words = new Map<string, string>();
  const texts = [RUNNER, ...sets.flatMap((set) => set.files.map(([, sql]) => sql))];
  for (const sql of texts) {
    let table = "";
    let comment: string[] = [];
    for (const line of sql.split("\n")) {
      const created = /^CREATE TABLE IF NOT EXISTS (\w+)/.exec(line);
      const added = /^ALTER TABLE (\w+) ADD COLUMN (\w+).*;\s*-- (.*)$/.exec(line);
      const column = /^ {2}(\w+)\b.*? -- (.*)$/.exec(line);
      if (line.startsWith("-- ")) comment.push(line.slice(3));
      else if (created !== null) {
        table = created[1]!;
        if (comment.length > 0) words.set(table, comment.join(" "));
        comment = [];
      } else if (added !== null) words.set(`${added[1]}.${added[2]}`, added[3]!);
      else if (column !== null) words.set(`${table}.${column[1]}`, column[2]!);
    }
  }
  return words;
}

function describe(
  db: DatabaseSync,
  type: "table" | "view",
  words: ReadonlyMap<string, string>,
): DictionaryTable[] {
  const names = db.prepare(
    "SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
  ).all(type).map((row) => String(row["name"]));
  const columns = db.prepare("SELECT name, type FROM pragma_table_info(?) ORDER BY cid");
  return names.map((name) => ({
    name,
    about: words.get(name),
    columns: columns.all(name).map((row) => ({
      name: String(row["name"]),
      type: String(row["type"]),
      meaning: words.get(`${name}.${row["name"]}`),
    })),
  }));
}

/** The text of docs/dictionary.md. */
export function dictionaryPage(): string {
  return `<!-- Made by \`deno task docs\`. Change the comments in migrations/ instead. -->

# Dictionary

Every table and column, by database. Tables whose names begin with \`capture_\` are ours alone, as are the
columns \`capture_…\`; all others are an upstream's (Malla's, meshpipe's, CoreScope's), with its names and types.
Where we fill one otherwise than the upstream does, [deviations.md](deviations.md) says why.
${dictionary().map(databaseText).join("")}`;
}

function databaseText({ network, tables, views }: DictionaryDatabase): string {
  return `
## ${network}
${tables.map(tableText).join("")}
### Views

${views.map(({ name, columns }) => `- \`${name}\`: ${names(columns)}`).join("\n")}
`;
}

const names = (columns: readonly DictionaryColumn[]) =>
  columns.map(({ name }) => `\`${name}\``).join(", ");

function tableText({ name, about, columns }: DictionaryTable): string {
  const rows = columns.map((c) => `| \`${c.name}\` | ${c.type} | ${escape(c.meaning ?? "")} |`);
  return `
### ${name}
${about === undefined ? "" : `\n${about}\n`}
| column | type | what it holds |
|---|---|---|
${rows.join("\n")}
`;
}

const escape = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
