/**
 * Who may use the embedded broker, and what it says of those whom it turns away.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../capture/clock.ts";
import type { Log } from "../capture/log.ts";

/** A user name and its password. */
export interface BrokerAccount {
  /** Name to log in with. */
  readonly username: string;
  /** Password that goes with it. */
  readonly password: string;
}

/** Why the embedded broker turned a client or a message away. */
export const REFUSAL_REASONS = [
  /** As many clients as may be are connected. */
  "too_many_clients",
  /** Wrong user name or password, or none. */
  "bad_credentials",
  /** A packet longer than allowed: its client's connection was ended. */
  "packet_too_large",
  /** The queue is full, and so is the room to wait: the client's connection was ended. */
  "no_room",
] as const;

/** One of {@linkcode REFUSAL_REASONS}. */
export type RefusalReason = typeof REFUSAL_REASONS[number];

/** Milliseconds between two warnings of one reason: a flood must not become one of the log. */
const WARN_EVERY_MS = 60_000;

/** Warns of what was turned away, at most once a minute for a reason, with a count of the rest. */
export class RefusalLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #told = new Map<RefusalReason, { at: number; untold: number }>();

  /** Warns into `log`. */
  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Something was turned away. */
  note(reason: RefusalReason, fields: Record<string, unknown>): void {
    const now = this.#clock.monotonic();
    const told = this.#told.get(reason);
    if (told !== undefined && now - told.at < WARN_EVERY_MS) {
      told.untold++;
      return;
    }
    const more = told === undefined || told.untold === 0 ? {} : { untold: told.untold };
    this.#log.warn(WORDS[reason], { reason, ...fields, ...more });
    this.#told.set(reason, { at: now, untold: 0 });
  }
}

const WORDS: Readonly<Record<RefusalReason, string>> = {
  too_many_clients: "the embedded broker turns a client away: there are too many",
  bad_credentials: "the embedded broker turns a client away: wrong user name or password",
  packet_too_large: "the embedded broker ends a client that sent an overlong packet",
  no_room: "the embedded broker ends a client: what it publishes finds no room",
};

/**
 * True when one of `accounts` has this user name and password. Compared in a time that says nothing
 * about where they differ.
 */
export function mayLogIn(
  accounts: readonly BrokerAccount[],
  username: string,
  password: string | Uint8Array,
): boolean {
  let allowed = false;
  for (const account of accounts) {
    const [name, secret] = [same(username, account.username), same(password, account.password)];
    if (name && secret) allowed = true;
  }
  return allowed;
}

function same(given: string | Uint8Array, expected: string): boolean {
  const hash = (value: string | Uint8Array) => createHash("sha256").update(value).digest();
  return timingSafeEqual(hash(given), hash(expected));
}
