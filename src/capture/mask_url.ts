/**
 * URLs as they may be shown: without user name, password and query. What is masked is never a part
 * of a secret; in doubt a bit more goes than must.
 *
 * @module
 */

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
/** A URL inside other text that holds user information or a query. */
const URL_IN_TEXT = /[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'<>`]+/gi;

/**
 * `url` without its user information, and with `…` for its query.
 *
 * It works on the text, not on a parsed URL, for the URL that does not parse is the one that gets
 * shown: a password with an unescaped `/`, `?` or `#` ends the authority early, and a parser would
 * take the rest of it for a path. So all up to the last `@` goes, wherever it stands.
 */
export function maskUrl(url: string): string {
  const scheme = SCHEME.exec(url)?.[0] ?? "";
  let rest = url.slice(scheme.length);
  const at = rest.lastIndexOf("@");
  if (at >= 0) rest = rest.slice(at + 1);
  const query = rest.search(/[?#]/);
  if (query >= 0) rest = `${rest.slice(0, query + 1)}…`;
  return scheme + rest;
}

/** `text` with every URL in it masked as by {@linkcode maskUrl}. */
export function maskUrlsInText(text: string): string {
  if (!text.includes("://")) return text;
  return text.replace(URL_IN_TEXT, maskUrl);
}
