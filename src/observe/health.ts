/**
 * What is wrong, since when, and whether that is long enough to say so.
 *
 * Each source, store and queue holds a {@linkcode HealthComponent} and reports trouble or its end.
 * A component turns red when one trouble has lasted ten seconds, and is green again when it ends:
 * nothing has to be reset, and one short failure wakes nobody.
 *
 * @module
 */
import type { Clock } from "../capture/clock.ts";
import { maskUrlsInText } from "../capture/mask_url.ts";

/** Name of a component: what it is, and which. */
export type ComponentName = `source:${string}` | `store:${string}` | `queue:${string}`;

/** `capture_impl` of the service. */
export type CaptureMode = "meshcapture" | "shadow" | "off";

/** What a component reports through. */
export interface HealthComponent {
  /** All is well: ends every trouble but the lasting ones. */
  ok(): void;
  /**
   * Something is wrong, until {@linkcode HealthComponent.ok} or `resolved` says otherwise. Reported
   * again, it keeps its beginning and takes the new detail.
   */
  trouble(reason: string, detail?: string, options?: TroubleOptions): void;
  /** Ends one trouble, be it lasting or not. */
  resolved(reason: string): void;
  /** Says something beside troubles, such as what a watchdog found; undefined takes it back. */
  note(text: string | undefined): void;
  /** Takes the component off the list. */
  remove(): void;
}

/** Options of {@linkcode HealthComponent.trouble}. */
export interface TroubleOptions {
  /**
   * A trouble that an ordinary `ok()` does not end, only `resolved()`: a refused subscription stays
   * refused, though the connection is well. @default false
   */
  readonly lasting?: boolean;
  /**
   * Reason of a trouble that this is another face of: it ends, and this one takes its beginning. A
   * broker that is away now for this reason and now for that has been away all the time.
   */
  readonly replaces?: string;
}

/** One trouble as shown. */
export interface TroubleReport {
  /** What is wrong, from the set of whoever reports it. */
  readonly reason: string;
  /** More of it, for people. */
  readonly detail?: string;
  /** When it began, ISO 8601. */
  readonly since: string;
  /** How long it has lasted, in whole seconds. */
  readonly seconds: number;
}

/** `ok`; `trouble`: red; `waiting`: trouble that has not lasted long enough to be red. */
export type ComponentStatus = "ok" | "waiting" | "trouble";

/** One component as shown. */
export interface ComponentReport {
  /** How it is. */
  readonly status: ComponentStatus;
  /** What is wrong with it, red or not yet. */
  readonly troubles: readonly TroubleReport[];
  /** Said beside troubles; it makes nothing red. */
  readonly note?: string;
}

/** Answer of /healthz. */
export interface HealthReport {
  /** `trouble` when any component is red. */
  readonly status: "ok" | "trouble";
  /** `capture_impl`. */
  readonly mode: CaptureMode;
  /** Present where the mode needs a word, as `off` does. */
  readonly statement?: string;
  /** One line for each trouble that is red: `source:home: broker_away (connection refused)`. */
  readonly reasons: readonly string[];
  /** Every component by its name. */
  readonly components: Readonly<Record<string, ComponentReport>>;
}

/** Answer of /readyz. */
export interface ReadyReport {
  /** Whether /readyz answers 200. */
  readonly ready: boolean;
  /** What is waited for. */
  readonly waiting: readonly string[];
}

/** Options of {@linkcode HealthRegistry}. */
export interface HealthOptions {
  /** Measures how long a trouble lasts. */
  readonly clock: Clock;
  /** Milliseconds of continuing trouble until a component is red. @default 10000 */
  readonly graceMs?: number;
  /** `capture_impl`; `off` is healthy whatever is reported. @default "meshcapture" */
  readonly mode?: CaptureMode;
}

interface Trouble {
  detail: string | undefined;
  lasting: boolean;
  readonly sinceMonotonic: number;
  readonly sinceWall: number;
}

interface State {
  readonly troubles: Map<string, Trouble>;
  /** It has reported something, be it good or bad. */
  reported: boolean;
  /** It has been well once. */
  wasOk: boolean;
  /** Said beside troubles. */
  note?: string | undefined;
}

/** Reason of a component that has not reported yet. */
const STARTING = "starting";

const MODE_STATEMENTS: Readonly<Record<CaptureMode, string | undefined>> = {
  meshcapture: undefined,
  shadow: "capture_impl is shadow: this service captures beside another and disturbs nothing",
  off: "capture_impl is off: nothing is captured",
};

/** All components of a service. */
export class HealthRegistry {
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #mode: CaptureMode;
  readonly #states = new Map<ComponentName, State>();
  #complete = false;

  /** Begins without components. */
  constructor(options: HealthOptions) {
    this.#clock = options.clock;
    this.#graceMs = options.graceMs ?? 10_000;
    this.#mode = options.mode ?? "meshcapture";
  }

  /**
   * Declares a component. Until it reports, it is in trouble with reason `starting`: one that never
   * comes to report must not look well.
   *
   * @throws {Error} when the name is taken.
   */
  component(name: ComponentName): HealthComponent {
    if (this.#states.has(name)) throw new Error(`health component declared twice: ${name}`);
    const state: State = { troubles: new Map(), reported: false, wasOk: false };
    this.#states.set(name, state);
    this.#begin(state, STARTING, undefined, false);
    const reported = () => {
      state.reported = true;
      state.troubles.delete(STARTING);
    };
    return {
      ok: () => {
        reported();
        state.wasOk = true;
        for (const [reason, trouble] of state.troubles) {
          if (!trouble.lasting) state.troubles.delete(reason);
        }
      },
      trouble: (reason, detail, options) => {
        if (reason !== STARTING) reported();
        this.#begin(state, reason, detail, options?.lasting ?? false, options?.replaces);
      },
      resolved: (reason) => {
        state.troubles.delete(reason);
      },
      note: (text) => {
        state.note = text;
      },
      remove: () => {
        // Only its own entry: the name may have been declared anew since.
        if (this.#states.get(name) === state) this.#states.delete(name);
      },
    };
  }

  /** Says that every configured component has been declared; before, the service is not ready. */
  allDeclared(): void {
    this.#complete = true;
  }

  #begin(
    state: State,
    reason: string,
    detail: string | undefined,
    lasting: boolean,
    replaces = reason,
  ): void {
    const former = state.troubles.get(replaces);
    if (replaces !== reason) state.troubles.delete(replaces);
    const known = state.troubles.get(reason);
    if (known !== undefined) {
      known.detail = detail;
      known.lasting ||= lasting;
      return;
    }
    state.troubles.set(reason, {
      detail,
      lasting,
      sinceMonotonic: former?.sinceMonotonic ?? this.#clock.monotonic(),
      sinceWall: former?.sinceWall ?? this.#clock.now(),
    });
  }

  /** Whether /healthz answers 200. */
  get healthy(): boolean {
    if (this.#mode === "off") return true;
    for (const state of this.#states.values()) {
      if (this.#status(state) === "trouble") return false;
    }
    return true;
  }

  /** Everything, for /healthz. */
  report(): HealthReport {
    const components: Record<string, ComponentReport> = Object.create(null);
    const reasons: string[] = [];
    for (const [name, state] of this.#states) {
      const troubles = [...state.troubles].map(([reason, trouble]) => this.#show(reason, trouble));
      const note = state.note === undefined ? {} : { note: maskUrlsInText(state.note) };
      components[name] = { status: this.#status(state), troubles, ...note };
      for (const [reason, trouble] of state.troubles) {
        if (!this.#isRed(trouble)) continue;
        const detail = trouble.detail === undefined ? "" : ` (${maskUrlsInText(trouble.detail)})`;
        reasons.push(`${name}: ${reason}${detail}`);
      }
    }
    const off = this.#mode === "off";
    const statement = MODE_STATEMENTS[this.#mode];
    return {
      status: off || reasons.length === 0 ? "ok" : "trouble",
      mode: this.#mode,
      ...(statement === undefined ? {} : { statement }),
      reasons: off ? [] : reasons,
      components,
    };
  }

  /** Whether every store has opened and every source has been tried once, for /readyz. */
  readiness(): ReadyReport {
    if (this.#mode === "off") return { ready: true, waiting: [] };
    const waiting: string[] = this.#complete ? [] : ["service: starting"];
    for (const [name, state] of this.#states) {
      if (name.startsWith("store:") && !state.wasOk) waiting.push(`${name}: not open yet`);
      if (name.startsWith("source:") && !state.reported) waiting.push(`${name}: not tried yet`);
    }
    return { ready: waiting.length === 0, waiting };
  }

  #isRed(trouble: Trouble): boolean {
    return this.#clock.monotonic() - trouble.sinceMonotonic >= this.#graceMs;
  }

  #status(state: State): ComponentStatus {
    if (state.troubles.size === 0) return "ok";
    for (const trouble of state.troubles.values()) {
      if (this.#isRed(trouble)) return "trouble";
    }
    return "waiting";
  }

  #show(reason: string, trouble: Trouble): TroubleReport {
    return {
      reason,
      ...(trouble.detail === undefined ? {} : { detail: maskUrlsInText(trouble.detail) }),
      since: new Date(trouble.sinceWall).toISOString(),
      seconds: Math.floor((this.#clock.monotonic() - trouble.sinceMonotonic) / 1000),
    };
  }
}
