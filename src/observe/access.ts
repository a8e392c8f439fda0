/**
 * Who may look at the page: this machine, and whoever has the token. A pure decision over one
 * request; {@linkcode guarded} puts it before a route.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { isLoopbackAddress } from "../capture/loopback.ts";
import { isSafeHost, proxyHeader } from "./client_address.ts";
import type { Client } from "./http_handler.ts";

/**
 * `local`: this machine without a token, all others with it. `token`: nobody without it. `open`:
 * everybody.
 */
export type PageAccess = "local" | "token" | "open";

/** What an operator said of it. */
export interface AccessOptions {
  /** Who may look. */
  readonly access: PageAccess;
  /** The token; undefined: there is none. */
  readonly token?: string | undefined;
  /** Host names under which the page may be asked for, beside addresses and local names. */
  readonly hosts: readonly string[];
}

/** Why somebody may not look; the label of the metric. */
export const DENIALS = ["token_needed", "wrong_token", "cross_site", "bad_host"] as const;

/** One of {@linkcode DENIALS}. */
export type Denial = (typeof DENIALS)[number];

/** What is decided of a request. */
export type Verdict =
  | { readonly kind: "allowed"; readonly by: "loopback" | "cookie" | "bearer" | "open" }
  | { readonly kind: "denied"; readonly reason: Denial; readonly detail: string };

/** What the cookie is made for, so that it opens nothing else and does not show the token. */
const COOKIE_PURPOSE = "meshcapture status page, 1";

/** Seconds that a browser keeps the cookie. */
const COOKIE_SECONDS = 90 * 86_400;

/** Decides over requests, and makes and reads the cookie. */
export class Access {
  readonly #options: AccessOptions;
  readonly #cookie: { readonly name: string; readonly value: string } | undefined;

  /** An empty token counts as none. */
  constructor(options: AccessOptions) {
    this.#options = options;
    if (!options.token) return;
    // Not createHmac(), which prints a deprecation warning on Deno 2.4. A plain hash is as good where
    // nobody but the operator chooses what is hashed.
    const value = createHash("sha256").update(`${COOKIE_PURPOSE}\n${options.token}`)
      .digest("base64url");
    // Cookies know no ports: two services of one machine must not overwrite each other's.
    const mark = createHash("sha256").update(value).digest("hex").slice(0, 8);
    this.#cookie = { name: `meshcapture_${mark}`, value };
  }

  /** Whether there is a token at all. */
  get hasToken(): boolean {
    return this.#cookie !== undefined;
  }

  /** Whether `token` is the token; takes the same time for every wrong one. */
  isToken(token: string): boolean {
    return this.#options.token ? sameText(token, this.#options.token) : false;
  }

  /** `Set-Cookie` for a browser that showed the token. */
  setCookie(request: Request): string {
    const { name, value } = this.#cookie!;
    const secure = new URL(request.url).protocol === "https:" ||
      request.headers.get("x-forwarded-proto") === "https";
    return `${name}=${value}; Path=/; Max-Age=${COOKIE_SECONDS}; HttpOnly; SameSite=Strict${
      secure ? "; Secure" : ""
    }`;
  }

  /** Decides. `isPage`: the request is for the page itself, to which other sites may link. */
  decide(request: Request, client: Client | undefined, isPage = false): Verdict {
    const { headers } = request;
    const foreign = foreignSite(request, isPage);
    if (foreign !== undefined) return denied("cross_site", foreign);
    const { access, hosts } = this.#options;
    const host = hostAskedFor(request);

    const bearer = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
    if (bearer !== undefined) {
      if (this.isToken(bearer)) return { kind: "allowed", by: "bearer" };
      return denied("wrong_token", "the token of the Authorization header is not the right one");
    }
    if (this.#hasCookie(headers)) return { kind: "allowed", by: "cookie" };

    const proxy = proxyHeader(headers);
    const loopback = proxy === undefined && client !== undefined &&
      isLoopbackAddress(client.hostname);
    if (access === "open" || (access === "local" && loopback)) {
      if (isSafeHost(host, hosts)) {
        return { kind: "allowed", by: access === "open" ? "open" : "loopback" };
      }
      return denied(
        "bad_host",
        `this service does not know itself by the name ${host}`,
      );
    }
    return denied("token_needed", whyToken(access, proxy));
  }

  #hasCookie(headers: Headers): boolean {
    const cookie = this.#cookie;
    if (cookie === undefined) return false;
    for (const pair of (headers.get("cookie") ?? "").split(";")) {
      const at = pair.indexOf("=");
      if (pair.slice(0, at).trim() !== cookie.name) continue;
      if (sameText(pair.slice(at + 1).trim(), cookie.value)) return true;
    }
    return false;
  }
}

/** HTTP/2 has the host in the address alone. No browser leaves it out. */
function hostAskedFor({ headers, url }: Request): string {
  return headers.get("host") ?? new URL(url).host;
}

/**
 * What shows that another site makes the browser ask; undefined: nothing does. A link to the page is
 * allowed, for it shows the other site nothing.
 */
function foreignSite(request: Request, isPage: boolean): string | undefined {
  const { headers } = request;
  const site = headers.get("sec-fetch-site");
  const isLink = isPage && request.method === "GET" &&
    headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document";
  if (site !== null && site !== "same-origin" && site !== "none" && !isLink) {
    return "another site asked for it";
  }
  const origin = headers.get("origin");
  // Browsers without Sec-Fetch-Site still send Origin with what a script asks for.
  if (site === null && origin !== null && hostOf(origin) !== hostAskedFor(request)) {
    return "another site asked for it";
  }
  return undefined;
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    // `null`, as a sandboxed frame sends it.
    return undefined;
  }
}

function whyToken(access: PageAccess, proxy: string | undefined): string {
  if (access === "token") return "everybody needs the token here";
  return proxy === undefined
    ? "the request did not come from this machine"
    : `a proxy passed the request on (${proxy})`;
}

/** Compares in a time that tells nothing of where two texts differ, nor of their lengths. */
function sameText(left: string, right: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

function denied(reason: Denial, detail: string): Verdict {
  return { kind: "denied", reason, detail };
}
