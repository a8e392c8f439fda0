/** What a source's listening means, in words. @module */
import type { SourceConfig } from "../config/schema.ts";
import { clockFindings } from "./clock_findings.ts";
import type { Finding } from "./findings.ts";
import type { Counts, Heard, ListeningResult } from "./listening.ts";

/** Lines of a list before the rest is a number. */
const MAX_LINES = 8;

/** Why a message makes no row on an ordinary day, and what is lost by it. */
export interface DropWords {
  /** Reasons that need no attention. */
  readonly ordinary: readonly string[];
}

/** Everything that can be said of a source that was listened to. */
export function sourceFindings(
  config: SourceConfig,
  result: ListeningResult,
  drops: DropWords,
): Finding[] {
  const { status, heard, seconds } = result;
  if (!status.subscribed && seconds === 0) return [notConnected(config, result)];
  const findings: Finding[] = [{
    severity: "good",
    text: `connected (MQTT ${status.protocol ?? "?"}) and subscribed to ${
      config.topics.join(", ")
    }`,
  }];
  if (status.problem !== undefined) {
    findings.push({ severity: "bad", text: `then trouble: ${status.problem.detail}` });
  }
  if (heard.messages === 0) return [...findings, nothingCame(config, result)];
  findings.push(whatCame(heard, seconds));
  findings.push(...whatWasRead(heard));
  findings.push(...whatWasDropped(heard, drops));
  findings.push(howDelivered(config, result));
  findings.push(...clockFindings(heard.clocks));
  return findings;
}

/** `n thing` or `n things`. */
export function plural(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function notConnected(config: SourceConfig, { status, endedEarly }: ListeningResult): Finding {
  const { problem } = status;
  if (endedEarly && problem === undefined) {
    return { severity: "look", text: `ended before ${status.url} had let us subscribe` };
  }
  const text = problem === undefined
    ? `no connection to ${status.url} within 10 s, and no reason given`
    : problem.detail;
  const reason = problem?.reason ?? "";
  const advice = ADVICE[reason] ??
    `The reason ${reason || "is not known"}: docs/troubleshooting.md says what to do.`;
  // A broker hangs up without a word on TLS at the port for plain MQTT.
  const mayBePlain = config.url.startsWith("mqtts:") &&
    (reason === "unreachable" || ADVICE[reason] === undefined);
  return {
    severity: "bad",
    text,
    advice: mayBePlain ? `${advice} Is the port one for TLS?` : advice,
  };
}

const ADVICE: Readonly<Record<string, string>> = {
  unreachable:
    "Is the broker running? Are host and port right, and does a firewall let you through? `ping` and `mosquitto_sub -h HOST -t '#' -C 1` tell more.",
  credentials_refused:
    "Compare username and password with those at the broker; of a token, key and auth.audience, and this machine's clock.",
  credentials_file:
    "Path, rights and contents of the file: it must be readable for the service's user, and hold what its setting is for.",
  client_id_refused:
    "The broker lets in certain client ids alone; set client_id. This check uses an id of its own, which such a broker refuses as well.",
  tls:
    "Set tls.ca_file for an authority of your own; look at name and date of the certificate; is the port one for TLS?",
  subscription_refused:
    "The broker's access list does not let this user read these topics: change topics, or the list.",
  protocol_refused: "Set protocol to auto, or to the version that the broker speaks.",
  protocol_error:
    "What listens there is no MQTT broker, or wants TLS (mqtts://) or WebSockets (ws://).",
};

function nothingCame(config: SourceConfig, { seconds, elsewhere = [] }: ListeningResult): Finding {
  const filters = config.topics.join(", ");
  if (elsewhere.length > 0) {
    return {
      severity: "bad",
      text: `nothing came in ${
        Math.round(seconds)
      } s: the topics match nothing, while packets of this network come under others`,
      lines: grouped(new Map(elsewhere.map((topic) => [topic, 1]))).map(([topic]) => topic),
      advice: `${filters} does not match these. Correct \`topics\` of the source ${
        JSON.stringify(config.name)
      }; a trailing /# takes everything below a level.`,
    };
  }
  return {
    severity: "look",
    text: `nothing came in ${
      Math.round(seconds)
    } s under ${filters}, nor packets of this network elsewhere at the broker`,
    advice:
      "A small mesh may be silent for minutes: try --seconds 300. Otherwise look at the radio: MQTT on, uplink on for the channel, this broker's address. Perhaps the broker does not let this user read what others publish.",
  };
}

function whatCame(heard: Heard, seconds: number): Finding {
  const live = heard.messages - heard.retained;
  const rate = live / Math.max(1, seconds);
  const kept = heard.retained === 0
    ? ""
    : `; ${heard.retained} of them the broker had in store, which says nothing of now`;
  return {
    severity: live > 0 ? "good" : "look",
    text: `${plural(heard.messages, "message")} in ${Math.round(seconds)} s, ${
      rate < 10 ? rate.toFixed(1) : Math.round(rate)
    } a second${kept}`,
    lines: listed(grouped(heard.topics)),
  };
}

function whatWasRead(heard: Heard): Finding[] {
  const records = total(heard.types);
  if (records === 0) return [];
  const unread = total(heard.unreadable);
  const kinds = listed(sorted(heard.types)).join(", ");
  const keys = heard.keys.size === 0
    ? ""
    : `; opened with ${listed(sorted(heard.keys)).join(", ")}`;
  const findings: Finding[] = [{
    severity: records > unread ? "good" : "look",
    text: `${records - unread} of ${plural(records, "packet")} could be read (${kinds})${keys}`,
  }];
  if (unread > 0) {
    findings.push({
      severity: unread === records ? "look" : "note",
      text: `${unread} could not be read, and are stored as they are`,
      lines: listed(sorted(heard.unreadable)),
      ...([...heard.unreadable.keys()].some((reason) => /no (channel )?key/.test(reason))
        ? {
          advice:
            "Where you know a channel's key, add it to the configuration; `meshcapture decrypt explain PACKET` shows which keys were tried on one packet.",
        }
        : {}),
    });
  }
  return findings;
}

function whatWasDropped(heard: Heard, { ordinary }: DropWords): Finding[] {
  const strange = [...heard.drops].filter(([reason]) => !ordinary.includes(reason));
  const usual = [...heard.drops].filter(([reason]) => ordinary.includes(reason));
  const findings: Finding[] = [];
  if (usual.length > 0) {
    findings.push({
      severity: "note",
      text: `${total(new Map(usual))} are no packets and are only counted: ${
        listed(usual).join(", ")
      }`,
    });
  }
  if (strange.length > 0) {
    findings.push({
      severity: "look",
      text: `${total(new Map(strange))} would not be stored: ${listed(strange).join(", ")}`,
      advice:
        "Each reason is a filter of the configuration or a message that cannot be used: docs/troubleshooting.md, under `Nothing arrives`.",
    });
  }
  return findings;
}

function howDelivered(config: SourceConfig, { heard, status }: ListeningResult): Finding {
  const [zero, one] = heard.qos;
  if (config.url.startsWith("embedded:")) {
    return {
      severity: "good",
      text: `published at QoS 0: ${zero}, at QoS 1: ${one}`,
      advice:
        "The broker is meshcapture's own: what a radio publishes at QoS 1 is acknowledged after it is stored; at QoS 0 only what has come within the last moments before a crash can be lost.",
    };
  }
  if (zero === 0) {
    return {
      severity: "good",
      text:
        "all delivered at QoS 1: the broker keeps each message until it is stored, also while meshcapture is away, as long as its own limits (max_queued_messages) and its disk allow",
    };
  }
  const share = one === 0 ? "all" : `${zero} of ${zero + one}`;
  if (config.qos === 0 || status.grantedQos === 0) {
    return {
      severity: "look",
      text: `${share} delivered at QoS 0, because ${
        config.qos === 0 ? "the source says `qos: 0`" : "the broker grants no more"
      }: what comes while meshcapture is away is lost`,
      ...(config.qos === 0 ? { advice: "Set `qos: 1`, unless that is meant." } : {}),
    };
  }
  return {
    severity: "look",
    text:
      `${share} delivered at QoS 0, as radios publish: what comes while meshcapture is away, or while its queue is full, is lost`,
    advice:
      "If the broker is yours: mosquitto keeps them with `upgrade_outgoing_qos true` and `queue_qos0_messages true` (deploy/mosquitto.conf has all of it). On somebody else's broker this cannot be changed; gaps are recorded in capture_gaps.",
  };
}

function total(counts: Counts): number {
  return [...counts.values()].reduce((sum, n) => sum + n, 0);
}

function sorted(counts: Counts): [string, number][] {
  return [...counts].sort(([, a], [, b]) => b - a);
}

/** Topics by as many levels as give a list that can be read. */
function grouped(topics: Counts): [string, number][] {
  const depth = Math.max(1, ...[...topics.keys()].map((topic) => topic.split("/").length));
  for (let levels = depth;; levels--) {
    const groups = new Map<string, number>();
    for (const [topic, n] of topics) {
      const parts = topic.split("/");
      const name = parts.length > levels ? `${parts.slice(0, levels).join("/")}/…` : topic;
      groups.set(name, (groups.get(name) ?? 0) + n);
    }
    if (groups.size <= MAX_LINES || levels === 1) return sorted(groups);
  }
}

function listed(counts: readonly (readonly [string, number])[]): string[] {
  const lines = counts.slice(0, MAX_LINES).map(([name, n]) => `${n} ${name}`);
  const rest = counts.slice(MAX_LINES);
  return rest.length === 0
    ? lines
    : [...lines, `${rest.reduce((sum, [, n]) => sum + n, 0)} others`];
}
