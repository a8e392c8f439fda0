/**
 * The routes of the status page: the page, its files, what it asks for, and the login.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { FeedFilter } from "../capture/page_view.ts";
import type { Access, Denial } from "./access.ts";
import { deniedResponse } from "./denied_page.ts";
import { type Client, type Route, textResponse } from "./http_handler.ts";
import type { LiveFeed } from "./live_feed.ts";
import type { HistoryAnswer, NodesAnswer, PacketsAnswer, StatusAnswer } from "./page_api.ts";
import type { AssetPath } from "./page_assets.ts";
import { PAGE_HEADERS, pagePolicy } from "./page_policy.ts";

/** What the page's routes work with. */
export interface PageParts {
  /** Who may look. */
  readonly access: Access;
  /** The live feed. */
  readonly feed: LiveFeed;
  /** Told of each request that is denied. */
  readonly onDenied: (reason: Denial) => void;
  /** For `/api/status`. */
  status(): Promise<StatusAnswer>;
  /** For `/api/history`, over so many hours. */
  history(hours: number): Promise<HistoryAnswer>;
  /** For `/api/nodes`. */
  nodes(): Promise<NodesAnswer>;
  /** For `/api/packets`. */
  packets(filter: FeedFilter, limit: number): Promise<PacketsAnswer>;
  /** Address template of map tiles. */
  readonly tiles?: string;
}

/** Hours that a history may go back: what is kept. */
const MAX_HISTORY_HOURS = 168;

/** Packets that one request may ask for. */
const MAX_PACKETS = 500;

/** Characters of a token that a login form may send, and some for its encoding. */
const MAX_LOGIN_BYTES = 4096;

const FILTERS =
  "Filters: `network`, `type` (exact), `node` (a part of the id of sender, receiver or hearer, or of a name that the packet itself holds).";

/** The page's routes; all but the stylesheet are guarded by `parts.access`. */
export function pageRoutes(parts: PageParts): Route[] {
  const { feed } = parts;
  const script = asset("/assets/page.js");
  const guarded = (
    answer: (request: Request, url: URL) => Response | Promise<Response>,
    isPage = false,
  ) =>
  (request: Request, client?: Client) => {
    const verdict = parts.access.decide(request, client, isPage);
    if (verdict.kind === "allowed") return answer(request, new URL(request.url));
    return deny(parts, request, verdict.reason, verdict.detail);
  };
  return [
    {
      path: "/",
      reference:
        "The status page. With `?token=` and the right token it sets the cookie and redirects to itself without the token.",
      handle: (request, client) => {
        const url = new URL(request.url);
        const token = url.searchParams.get("token");
        if (token === null) return guarded(() => showPage(parts.tiles), true)(request, client);
        if (!parts.access.isToken(token)) {
          return deny(parts, request, "wrong_token", "the token is not the right one");
        }
        url.searchParams.delete("token");
        return signedIn(parts.access, request, `/${url.search}`);
      },
    },
    {
      path: "/login",
      methods: ["POST"],
      reference: "Takes the form field `token`, sets the cookie, and redirects to `/`.",
      handle: (request) => login(parts, request),
    },
    // Those who may not look are told so in the page's style.
    asset("/assets/page.css"),
    { ...script, handle: guarded((request) => script.handle(request)) },
    {
      path: "/api/status",
      title: "what the page shows of sources, networks and health, as JSON",
      reference: "Sources, networks, queue, database, counts since the start, and health.",
      handle: guarded(async () => apiResponse(await parts.status())),
    },
    {
      path: "/api/history",
      title: "minutes of the last hours, as JSON",
      reference:
        `Counts by minute, for charts; \`?hours=\` 1 to ${MAX_HISTORY_HOURS}, default 6. From 14 hours on minutes are added up to stretches of \`step\` seconds; \`minutes\` says how many of each are known.`,
      handle: guarded(async (_request, url) => {
        const hours = wholeNumber(url.searchParams.get("hours"), 6, 1, MAX_HISTORY_HOURS);
        if (hours === undefined) {
          return textResponse(`hours must be 1 to ${MAX_HISTORY_HOURS}`, 400);
        }
        return apiResponse(await parts.history(hours));
      }),
    },
    {
      path: "/api/nodes",
      title: "nodes with names and positions, as JSON",
      reference:
        "Nodes of each network, those heard last first, with their last known position; at most 5,000 of each, and in `totals` how many there are.",
      handle: guarded(async () => apiResponse(await parts.nodes())),
    },
    {
      path: "/api/packets",
      title: "the newest packets in the databases, as JSON",
      reference:
        `The newest packets in the databases, newest first; \`?limit=\` 1 to ${MAX_PACKETS}, default 100. ${FILTERS}`,
      handle: guarded(async (_request, url) => {
        const limit = wholeNumber(url.searchParams.get("limit"), 100, 1, MAX_PACKETS);
        if (limit === undefined) return textResponse(`limit must be 1 to ${MAX_PACKETS}`, 400);
        return apiResponse(await parts.packets(filterOf(url), limit));
      }),
    },
    {
      path: "/api/events",
      title: "packets as they are committed, as server-sent events",
      reference:
        `Server-sent events: \`packets\` after each commit (\`{packets, skipped}\`), \`status\` every 2 s (as \`/api/status\`). With \`Last-Event-ID\` what was missed meanwhile comes first, as far as it is kept (500 packets, 30 s). A client that does not keep up is disconnected. ${FILTERS}`,
      handle: guarded((request, url) =>
        feed.connect(filterOf(url), request.headers.get("last-event-id"))
      ),
    },
  ];
}

async function showPage(tiles: string | undefined): Promise<Response> {
  const { pageHtml } = await import("./page_assets.ts");
  return new Response(pageHtml, {
    headers: {
      ...PAGE_HEADERS,
      "content-security-policy": pagePolicy(tiles),
      "content-type": "text/html; charset=utf-8",
    },
  });
}

/** Browsers keep a file, and ask each time whether it is still the same. */
function asset(path: AssetPath): Route {
  let tag: string | undefined;
  return {
    path,
    handle: async (request) => {
      const file = (await import("./page_assets.ts")).pageAssets[path];
      tag ??= `"${createHash("sha256").update(file.text).digest("base64url").slice(0, 20)}"`;
      const headers = {
        "content-type": file.type,
        "cache-control": "private, no-cache",
        etag: tag,
      };
      const known = request.headers.get("if-none-match") ?? "";
      // One that was compressed on its way has a weak tag.
      if (known.includes(tag)) return new Response(null, { status: 304, headers });
      return new Response(file.text, { headers });
    },
  };
}

async function login(parts: PageParts, request: Request): Promise<Response> {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") {
    return deny(parts, request, "cross_site", "another site sent the form");
  }
  const text = await limitedText(request, MAX_LOGIN_BYTES);
  const token = new URLSearchParams(text).get("token") ?? "";
  if (!parts.access.isToken(token.trim())) {
    return deny(parts, request, "wrong_token", "the token is not the right one");
  }
  return signedIn(parts.access, request, "/");
}

function signedIn(access: Access, request: Request, location: string): Response {
  return new Response(null, {
    status: 303,
    headers: { location, "set-cookie": access.setCookie(request) },
  });
}

function deny(parts: PageParts, request: Request, reason: Denial, detail: string): Response {
  parts.onDenied(reason);
  return deniedResponse(request, parts.access, reason, detail);
}

function apiResponse(value: unknown): Response {
  return new Response(`${JSON.stringify(value)}\n`, {
    headers: { "content-type": "application/json; charset=utf-8" },
  });
}

function filterOf(url: URL): FeedFilter {
  const text = (name: string) => url.searchParams.get(name)?.slice(0, 200) || undefined;
  const [network, type, node] = [text("network"), text("type"), text("node")];
  return {
    ...(network === undefined ? {} : { network }),
    ...(type === undefined ? {} : { type }),
    ...(node === undefined ? {} : { node }),
  };
}

/** The number of a query, `standard` where it is absent; undefined: it is none, or out of range. */
function wholeNumber(
  text: string | null,
  standard: number,
  min: number,
  max: number,
): number | undefined {
  if (text === null) return standard;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : undefined;
}

/** The body as far as `maxBytes`; what is longer counts as empty. */
async function limitedText(request: Request, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return "";
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
