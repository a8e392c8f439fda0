/**
 * A table of routes as one web-standard handler: a request in, a response out, no socket.
 *
 * @module
 */
import type { Log } from "../capture/log.ts";

/** Who asks. */
export interface Client {
  /** Address at the other end of the connection, which may be a proxy's. */
  readonly hostname: string;
}

/** One path and what answers there. */
export interface Route {
  /** The exact path, such as `/metrics`; or `/page/*` for everything below `/page/`. */
  readonly path: string;
  /** For the reference: what it answers, in Markdown; a route without it is not in there. */
  readonly reference?: string;
  /** A few words for the index; a route without them is not listed. */
  readonly title?: string;
  /** Methods that it answers; HEAD comes with GET. @default ["GET"] */
  readonly methods?: readonly string[];
  /** Answers GET without a body being read; HEAD is made of it. */
  handle(request: Request, client?: Client): Response | Promise<Response>;
}

/** A web-standard handler; `client` is undefined where nobody knows who asks. */
export type Handler = (request: Request, client?: Client) => Promise<Response>;

/**
 * Sent with every response that does not say otherwise itself. Nothing here is to be framed,
 * sniffed, stored by a proxy, or to load anything.
 */
const HEADERS: readonly (readonly [string, string])[] = [
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  ["referrer-policy", "no-referrer"],
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["cross-origin-resource-policy", "same-origin"],
  ["cache-control", "no-store"],
];

/** Plain text with a line end. */
export function textResponse(text: string, status = 200, headers: HeadersInit = {}): Response {
  const all = new Headers(headers);
  all.set("content-type", "text/plain; charset=utf-8");
  return new Response(`${text}\n`, { status, headers: all });
}

/** Indented JSON with a line end. */
export function jsonResponse(value: unknown, status = 200): Response {
  return new Response(`${JSON.stringify(value, null, 2)}\n`, {
    status,
    headers: { "content-type": "application/json; charset=utf-8" },
  });
}

/**
 * The handler of `routes`, with an index of them at `/` unless they have one. An exact path wins
 * over a wildcard, a longer wildcard over a shorter one.
 */
export function createHandler(routes: readonly Route[], log: Log): Handler {
  const exact = new Map<string, Route>();
  const wild: Route[] = [];
  exact.set("/", index(routes));
  for (const route of routes) {
    if (route.path.endsWith("/*")) wild.push(route);
    else exact.set(route.path, route);
  }
  wild.sort((a, b) => b.path.length - a.path.length);

  return async (request, client) => {
    const path = new URL(request.url).pathname;
    const route = exact.get(path) ?? wild.find((r) => path.startsWith(r.path.slice(0, -1)));
    return finish(request, await answer(request, client, path, route, log));
  };
}

async function answer(
  request: Request,
  client: Client | undefined,
  path: string,
  route: Route | undefined,
  log: Log,
): Promise<Response> {
  if (route === undefined) return textResponse("not found", 404);
  const methods = route.methods ?? ["GET"];
  const method = request.method === "HEAD" ? "GET" : request.method;
  if (!methods.includes(method)) {
    const allow = methods.includes("GET") ? [...methods, "HEAD"] : [...methods];
    return textResponse("method not allowed", 405, { allow: allow.join(", ") });
  }
  try {
    return await route.handle(request, client);
  } catch (error) {
    log.error("an HTTP request failed", { path, method: request.method, error });
    return textResponse("internal error", 500);
  }
}

async function finish(request: Request, response: Response): Promise<Response> {
  const headers = new Headers(response.headers);
  for (const [name, value] of HEADERS) {
    if (!headers.has(name)) headers.set(name, value);
  }
  const init = { status: response.status, statusText: response.statusText, headers };
  if (request.method !== "HEAD") return new Response(response.body, init);
  // A stream is ended, not left running for a reader that wants no body.
  await response.body?.cancel();
  return new Response(null, init);
}

function index(routes: readonly Route[]): Route {
  const listed = routes.filter((route) => route.title !== undefined);
  const width = Math.max(0, ...listed.map((route) => route.path.length));
  const lines = listed.map((route) => `${route.path.padEnd(width)}  ${route.title}`);
  return { path: "/", handle: () => textResponse(["meshcapture", "", ...lines].join("\n")) };
}
