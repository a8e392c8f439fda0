/**
 * docs/http.md, made from the table of routes.
 *
 * @module
 */
import { systemClock } from "../capture/clock.ts";
import { Access, DENIALS } from "./access.ts";
import { HealthRegistry } from "./health.ts";
import type { Route } from "./http_handler.ts";
import { integrityRoute } from "./integrity.ts";
import { LiveFeed } from "./live_feed.ts";
import { Metrics } from "./metrics.ts";
import { pageRoutes } from "./page_routes.ts";
import { serviceRoutes } from "./routes.ts";

/** The text of docs/http.md. */
export function httpReference(): string {
  const clock = systemClock;
  const open = [
    ...serviceRoutes(new Metrics({ version: "", clock }), new HealthRegistry({ clock })),
    integrityRoute(() => ({})),
  ];
  const nobody = () => Promise.reject(new Error("only the table is wanted"));
  const guarded = pageRoutes({
    access: new Access({ access: "local", hosts: [] }),
    feed: new LiveFeed({ clock, status: nobody }),
    onDenied: () => {},
    status: nobody,
    history: nobody,
    nodes: nobody,
    packets: nobody,
  });
  return `<!-- Made by \`deno task docs\`. Change src/observe/routes.ts and page_routes.ts instead. -->

# HTTP

The service listens on \`observability.address\` (\`:2112\` unless configured; \`off\` for not at all). It speaks
plain HTTP: put a proxy before it where TLS is wanted.

## Open to everybody

| Request | Answer |
|---|---|
${rows(open)}

## The status page and what it asks for

Served to this machine, to others with the token; \`observability.page_access\` changes that.

| Request | Answer |
|---|---|
${rows(guarded)}

All of it is JSON but the page and the events; times are Unix milliseconds, in \`/api/history\` Unix seconds.
Names and texts came over the air: treat them as what a stranger wrote. The shapes are in
[src/observe/page_api.ts](../src/observe/page_api.ts).

## Who may look

| \`page_access\` | this machine | another machine, or through a proxy |
|---|---|---|
| \`local\` (default) | yes | with the token |
| \`token\` | with the token | with the token |
| \`open\` | yes | yes |
| \`off\` | no | no |

- **This machine** is a connection from a loopback address without any header that proxies add (\`Forwarded\`,
  \`X-Forwarded-*\`, \`X-Real-IP\`, \`Via\` and the like). A proxy on this machine that adds none, as nginx with a
  bare \`proxy_pass\`, looks like this machine itself: set \`page_access: token\` then.
- **The token** is \`observability.token\` or the content of \`observability.token_file\`. A browser shows it once,
  by \`/?token=…\` or in the form; then a cookie stands for it (\`HttpOnly\`, \`SameSite=Strict\`, 90 days, an HMAC
  of the token that ends when the token changes). A program sends \`Authorization: Bearer …\`.
- **The name** by which a request without the token asks must be an address, a name without a dot, one that ends
  in \`.local\`, \`.lan\`, \`.internal\`, \`.localhost\` or \`.home.arpa\`, or one of \`observability.page_hosts\`: another
  site could have its own name point here.
- **Other sites** may link to the page, and that is all: \`Sec-Fetch-Site\` and \`Origin\` are looked at, nothing
  may be framed, and no answer may be read across origins.

Who may not look gets 401 or 403 with a sentence on what to do; \`meshcapture_page_denied_total\` counts them by
reason: ${DENIALS.map((reason) => `\`${reason}\``).join(", ")}.
`;
}

function rows(routes: readonly Route[]): string {
  return routes.filter((route) => route.reference !== undefined).map((route) => {
    const method = (route.methods ?? ["GET"]).join(", ");
    return `| \`${method} ${route.path}\` | ${route.reference} |`;
  }).join("\n");
}
