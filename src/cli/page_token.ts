/** The status page's token, and what is said where it cannot be had. @module */
import { type CoreConfig, MIN_TOKEN_LENGTH, TOKEN_CHARACTERS } from "../config/schema.ts";
import { explain } from "./explain.ts";
import type { Section } from "./findings.ts";

/**
 * The page's token, be it in the configuration or in a file that it names; undefined where there is none
 * or nobody may look at the page.
 *
 * @throws {Error} when the file cannot be read, or holds no token worth the name.
 */
export function pageToken(
  settings: CoreConfig["observability"],
  readFile: (path: string) => string,
): string | undefined {
  const { page_access: access, token, token_file: path } = settings;
  if (path === undefined || access === "off") return token;
  let text: string;
  try {
    text = readFile(path).trim();
  } catch (cause) {
    throw new Error(`observability.token_file ${path} cannot be read`, { cause });
  }
  if (text.length < MIN_TOKEN_LENGTH) {
    throw new Error(
      `the token in ${path} has ${text.length} characters; it needs at least ${MIN_TOKEN_LENGTH}`,
    );
  }
  if (!TOKEN_CHARACTERS.test(text)) {
    throw new Error(`the token in ${path} has spaces, line ends or characters that are not ASCII`);
  }
  return text;
}

/** What `check` says of the token's file; nothing where none is named. */
export function pageTokenSections(
  settings: CoreConfig["observability"],
  readFile: (path: string) => string,
): Section[] {
  const { page_access: access, token_file: path } = settings;
  if (path === undefined || access === "off") return [];
  const title = "status page";
  try {
    pageToken(settings, readFile);
    return [{ title, findings: [{ severity: "good", text: `its token is in ${path}` }] }];
  } catch (error) {
    const advice = "Until then nobody gets in with a token; capturing goes on.";
    return [{ title, findings: [{ severity: "bad", text: explain(error), advice }] }];
  }
}
