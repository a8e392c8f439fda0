/** Whether a database can be kept where the configuration wants it. @module */
import { dirname } from "node:path";
import { diskFreeBytes } from "../observe/disk_space.ts";
import { WriterLock } from "../storage/writer_lock.ts";
import { explain } from "./explain.ts";
import type { Finding } from "./findings.ts";

/** Free bytes below which the disk is worth a look, and below which it is as good as full. */
const LITTLE_ROOM = 500_000_000;
const NO_ROOM = 50_000_000;

/** Looks at the database at `path`, its folder and its disk without changing any. */
export async function databaseFindings(path: string): Promise<Finding[]> {
  const room = roomFindings(await diskFreeBytes(dirname(path)));
  return [...fileFindings(path), ...room];
}

/** What `free` bytes on the disk mean; undefined: it could not be asked. */
export function roomFindings(free: number | undefined): Finding[] {
  if (free === undefined || free >= LITTLE_ROOM) return [];
  return [{
    severity: free < NO_ROOM ? "bad" : "look",
    text: `its disk has ${megabytes(free)} left`,
    advice:
      "When it is full, nothing more is stored until there is room again; brokers keep what they deliver at QoS 1 for so long. Old packets: retention_hours (Meshtastic), retention (MeshCore).",
  }];
}

function fileFindings(path: string): Finding[] {
  const folder = dirname(path);
  const user = userIn(folder);
  if (typeof user === "object") return [user.finding];
  const database = statOf(path);
  if (database === undefined) {
    return [{
      severity: "good",
      text: `does not exist yet and will be made; the folder may be written${
        user === undefined ? "" : ` by us (uid ${user})`
      }`,
    }];
  }
  if (!database.isFile) {
    return [{
      severity: "bad",
      text: "is not a file",
      advice: "Name a file in the configuration.",
    }];
  }
  const findings: Finding[] = [];
  const denied = openFault(path);
  if (denied !== undefined) {
    findings.push({
      severity: "bad",
      text: `exists, but may not be written by us${
        user === undefined ? "" : ` (uid ${user})`
      }: ${denied}`,
      advice: `It belongs to uid ${
        database.uid ?? "?"
      }. Run meshcapture as that user, or give it to ours: chown ${user ?? "USER"} ${path}*`,
    });
  }
  const held = isHeld(path);
  findings.push({
    severity: "good",
    text: `exists, ${megabytes(database.size)}${
      held ? "; a meshcapture is running and holds it" : "; nobody holds it"
    }`,
  });
  findings.push(...ownerFindings(path, database, user));
  return findings;
}

/** True when a running meshcapture holds the database at `path`. */
export function isHeld(path: string): boolean {
  return statOf(WriterLock.pathFor(path)) !== undefined && WriterLock.isHeld(path);
}

function ownerFindings(path: string, database: Deno.FileInfo, user: number | undefined): Finding[] {
  const findings: Finding[] = [];
  for (const suffix of ["-wal", "-shm", ".lock"]) {
    const beside = statOf(path + suffix);
    if (beside === undefined) continue;
    const fault = openFault(path + suffix);
    if (fault === undefined && beside.uid === database.uid) continue;
    findings.push({
      severity: fault === undefined ? "look" : "bad",
      text: `${path + suffix} belongs to uid ${beside.uid ?? "?"}, the database to uid ${
        database.uid ?? "?"
      }${fault === undefined ? "" : `, and we may not write it: ${fault}`}`,
      advice:
        `Somebody ran a program on it as another user (sudo, a container). With everything stopped: chown ${
          database.uid ?? "USER"
        } ${path}*`,
    });
  }
  if (user === undefined || database.uid === null || database.uid === user) return findings;
  const asRoot = user === 0;
  findings.push({
    severity: "look",
    text: `we run as uid ${user}, the database belongs to uid ${database.uid}${
      asRoot ? " (as root everything may be written)" : ""
    }`,
    advice: asRoot
      ? "Ask again as the user that the service runs as; only then does this say whether it may write."
      : `The files that SQLite makes beside it (-wal, -shm) would be ours, and the other user's programs, such as a web UI, need to write them: use one user, or one group with mode 660 and 2770 for the folder.`,
  });
  return findings;
}

/** Our user id as files have it; we may not ask for it. A finding where nothing can be made. */
function userIn(folder: string): number | undefined | { readonly finding: Finding } {
  const info = statOf(folder);
  if (info === undefined || !info.isDirectory) {
    const what = info === undefined ? "does not exist" : "is not a folder";
    return {
      finding: {
        severity: "bad",
        text: `its folder ${folder} ${what}`,
        advice: `mkdir -p ${folder}, and give it to the user that the service runs as.`,
      },
    };
  }
  const probe = `${folder}/.meshcapture-${crypto.randomUUID()}`;
  try {
    Deno.openSync(probe, { createNew: true, write: true, mode: 0o600 }).close();
    const { uid } = Deno.statSync(probe);
    Deno.removeSync(probe);
    return uid ?? undefined;
  } catch (error) {
    return {
      finding: {
        severity: "bad",
        text: `its folder ${folder} may not be written by us: ${explain(error)}`,
        advice:
          `SQLite makes files beside the database, so the folder must belong to the user that the service runs as (now: uid ${
            info.uid ?? "?"
          }). Under systemd: StateDirectory or ReadWritePaths; in a container: the volume's owner, 1000.`,
      },
    };
  }
}

function openFault(path: string): string | undefined {
  try {
    Deno.openSync(path, { read: true, write: true }).close();
    return undefined;
  } catch (error) {
    return explain(error);
  }
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
