/** What `meshcapture init` decides, and the configuration that comes of it. @module */
import { isIPv6 } from "node:net";
import type { NetworkName } from "../capture/message.ts";
import { networks } from "../networks.ts";

/** Everything that the configuration and the settings of the radios are made of. */
export interface InitPlan {
  /** Networks that are to be captured; at least one. */
  readonly networks: readonly NetworkName[];
  /** Address by which radios reach this machine, IPv6 without brackets; undefined: nobody knows it. */
  readonly host?: string;
  /** Port of the embedded broker. */
  readonly port: number;
  /** Name that radios log in with. */
  readonly username: string;
  /** Password that radios log in with. */
  readonly password: string;
  /** Token of the status page, for whoever looks from another machine. */
  readonly token: string;
  /** Where the page, metrics and health are served. */
  readonly http: string;
  /** LoRa region of the Meshtastic nodes, such as `EU_868`. */
  readonly region?: string;
  /** IATA code of the MeshCore region, such as `SJC`. */
  readonly iata?: string;
  /** Folder of the databases; undefined: the working directory of the service. */
  readonly data?: string;
}

/** Digits and lower-case letters that nobody mixes up, on a phone's keyboard either. */
const LETTERS = "23456789abcdefghjkmnpqrstuvwxyz";

/**
 * A random secret that can be typed.
 *
 * @param length characters, of about five bits each. A Meshtastic node keeps 31 of a password.
 */
export function randomSecret(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      // A multiple of the alphabet's size, so that every letter is as likely.
      if (byte < 256 - 256 % LETTERS.length && text.length < length) {
        text += LETTERS[byte % LETTERS.length];
      }
    }
  }
  return text;
}

const SOURCES: Readonly<Record<NetworkName, { name: string; about: string }>> = {
  meshtastic: { name: "radio", about: "Meshtastic nodes publish here." },
  meshcore: { name: "observer", about: "MeshCore observers publish here, to the same broker." },
};

const HINTS: Readonly<Record<NetworkName, readonly string[]>> = {
  meshtastic: [
    "# The default key is known. A private channel, with its key as the app shows it:",
    "# channels:",
    "#   - name: Hikers",
    "#     psk: MTIzNDU2Nzg5MDEyMzQ1Ng==",
  ],
  meshcore: [
    "# The Public channel's key is known. Channels whose key follows from their name:",
    '# hash_channels: ["#test"]',
  ],
};

/** The text of the configuration file. */
export function configurationText(plan: InitPlan, writtenAt: Date): string {
  // All addresses of this machine; those of IPv4 are among both.
  const everywhere = isIPv6(plan.host ?? "") ? "[::]" : "0.0.0.0";
  const sources = plan.networks.flatMap((network) => {
    const { name, about } = SOURCES[network];
    return [
      `  # ${about}`,
      `  - name: ${name}`,
      `    network: ${network}`,
      `    url: embedded://${everywhere}:${plan.port}`,
      `    username: ${JSON.stringify(plan.username)}`,
      `    password: ${JSON.stringify(plan.password)}`,
      `    topics: ${JSON.stringify(defaultTopics(network))}`,
    ];
  });
  const sections = plan.networks.flatMap((network) => [
    `${network}:`,
    `  database: ${JSON.stringify(databaseOf(plan, network))}`,
    ...HINTS[network].map((line) => `  ${line}`),
  ]);
  return [
    `# Configuration of meshcapture, written by \`meshcapture init\` on ${
      writtenAt.toISOString().slice(0, 10)
    }. It holds a password`,
    "# and a token: keep it to yourself. What is not here has its default; docs/configuration.md has every",
    "# setting.",
    "sources:",
    ...sources,
    ...sections,
    "observability:",
    `  address: ${JSON.stringify(plan.http)}`,
    "  # Who looks at the page from another machine needs it, once.",
    `  token: ${JSON.stringify(plan.token)}`,
    "# On an SD card, one commit a second spares it:",
    "# storage:",
    "#   commit_interval_ms: 1000",
    "",
  ].join("\n");
}

function defaultTopics(network: NetworkName): readonly string[] {
  return networks.find((one) => one.name === network)!.section.defaultTopics;
}

function databaseOf({ data }: InitPlan, network: NetworkName): string {
  return data === undefined ? `${network}.db` : `${data.replace(/\/$/, "")}/${network}.db`;
}
