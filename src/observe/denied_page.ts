/** What somebody sees who may not look: why, and what to do. @module */
import type { Access, Denial } from "./access.ts";
import { PAGE_HEADERS } from "./page_policy.ts";

const STATUS: Readonly<Record<Denial, number>> = {
  token_needed: 401,
  wrong_token: 401,
  cross_site: 403,
  bad_host: 403,
};

/** The answer to a request that is denied: a page for a browser, a line for everybody else. */
export function deniedResponse(
  request: Request,
  access: Access,
  reason: Denial,
  detail: string,
): Response {
  const status = STATUS[reason];
  const headers: Record<string, string> = { vary: "accept, cookie" };
  if (status === 401) headers["www-authenticate"] = 'Bearer realm="meshcapture"';
  const advice = adviceFor(reason, access.hasToken);
  const wantsPage = (request.headers.get("accept") ?? "").includes("text/html");
  if (!wantsPage) {
    headers["content-type"] = "text/plain; charset=utf-8";
    return new Response(`Not shown: ${detail}. ${advice}\n`, { status, headers });
  }
  // A link on another site comes without the cookie (SameSite=Strict). Asked for again by this very
  // page it comes with it.
  const again = request.headers.get("sec-fetch-site") === "cross-site"
    ? '<meta http-equiv="refresh" content="0">'
    : "";
  return new Response(page(detail, advice, again, reason !== "bad_host" && access.hasToken), {
    status,
    headers: { ...PAGE_HEADERS, ...headers, "content-type": "text/html; charset=utf-8" },
  });
}

function adviceFor(reason: Denial, hasToken: boolean): string {
  if (reason === "cross_site") return "Open it in the browser itself.";
  if (reason === "bad_host") {
    return "Ask for it by address, or add the name to observability.page_hosts in the configuration.";
  }
  if (!hasToken) {
    return "The page is shown to this machine alone, because no token is set. Set " +
      "observability.token in the configuration and open the page with ?token= and the token, or " +
      "come through a tunnel: ssh -L 2112:127.0.0.1:2112 and the machine's name, then " +
      "http://127.0.0.1:2112/.";
  }
  return "Open the page with ?token= and the value of observability.token, or enter it here. A " +
    "program sends it as “Authorization: Bearer” and the token.";
}

function page(detail: string, advice: string, head: string, withForm: boolean): string {
  const form = withForm
    ? `<form method="post" action="/login">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required>
<button>Show the page</button>
</form>`
    : "";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>meshcapture: not shown</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/page.css">
${head}
</head>
<body class="denied">
<main>
<h1>This page is not shown to you</h1>
<p>${escapeHtml(capitalised(detail))}.</p>
<p>${escapeHtml(advice)}</p>
${form}
<p class="note">Open to everybody: <a href="/healthz">health</a>, <a href="/metrics">metrics</a>.</p>
</main>
</body>
</html>
`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Text as HTML. */
function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
