/**
 * A headless Chromium for tests, through Playwright.
 *
 * Playwright looks at /proc when it is loaded, which Deno allows with all permissions alone. The
 * `browser` task sets the variable by which the package that looks is told not to.
 *
 * @module
 */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { fromFileUrl } from "../helpers/paths.ts";

const EXECUTABLE = "/usr/bin/chromium";

/** Where pictures for people are put. */
const SCREENSHOTS = fromFileUrl(new URL("../../dist/screenshots/", import.meta.url));

const TEMPORARY = fromFileUrl(new URL("../.tmp/", import.meta.url));

/** True when there is a Chromium. Tests that need it carry `ignore: !chromiumAvailable`. */
export const chromiumAvailable: boolean = probe();

function probe(): boolean {
  try {
    return Deno.statSync(EXECUTABLE).isFile;
  } catch {
    // deno-lint-ignore no-console -- a skip must be seen
    console.warn(`${EXECUTABLE} is not installed: the tests named 'browser: …' are skipped`);
    return false;
  }
}

/** Flags against whatever a browser does beside showing pages. */
const FLAGS: readonly string[] = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A tab, and what its page complained of. */
export interface Tab {
  readonly page: Page;
  /** Errors of scripts, blocked loads and inline code, requests to elsewhere. */
  readonly complaints: readonly string[];
}

/** A browser of a test's own. */
export class Chromium implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Starts one, with a profile that is thrown away. */
  static async start(): Promise<Chromium> {
    // The profile goes where the task's TMPDIR says.
    Deno.mkdirSync(TEMPORARY, { recursive: true });
    const { chromium } = await import("playwright-core");
    return new Chromium(
      await chromium.launch({ executablePath: EXECUTABLE, args: [...FLAGS], timeout: 60_000 }),
    );
  }

  /** Opens a tab with its own cookies. */
  async tab(options: BrowserContextOptions = {}): Promise<Tab> {
    const context: BrowserContext = await this.#browser.newContext({
      viewport: { width: 1280, height: 900 },
      locale: "en-GB",
      ...options,
    });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
    page.on("console", (message) => {
      // A line that breaks is what some tests are about.
      if (message.type() !== "error" || message.text().includes("net::ERR")) return;
      complaints.push(`console: ${message.text()}`);
    });
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol === "data:" || hostname === "127.0.0.1" || hostname === "localhost") return;
      complaints.push(`request: ${request.url()}`);
    });
    return { page, complaints };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** Registers a test that needs Chromium; without it the test is reported as ignored, by name. */
export function browserTest(
  name: string,
  run: (chromium: Chromium) => Promise<void>,
  { ignore = false }: { ignore?: boolean } = {},
): void {
  Deno.test({
    name: `browser: ${name}`,
    ignore: ignore || !chromiumAvailable,
    // Playwright keeps timers and pipes until its process ends.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using chromium = await Chromium.start();
      await run(chromium);
    },
  });
}

/** Keeps a picture of the whole page for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  Deno.mkdirSync(SCREENSHOTS, { recursive: true });
  await page.evaluate("scrollTo(0, 0)");
  await page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage: true });
}

/** Whether something is wider than the window. */
export async function overflowsSideways(page: Page): Promise<boolean> {
  // A phone's browser makes its window wider for a page that is: what counts is the screen.
  const wide = await page.evaluate("Math.max(innerWidth, document.documentElement.scrollWidth)");
  return Number(wide) > page.viewportSize()!.width;
}
