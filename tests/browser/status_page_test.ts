/** The status page in a browser, before the real service and a real broker. @module */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { Mosquitto, mosquittoAvailable } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { waitUntil } from "../helpers/wait.ts";
import { browserTest, overflowsSideways, picture } from "./chromium.ts";
import {
  pageUrl,
  publishLife,
  publishNode,
  publishPosition,
  publishText,
  says,
  startService,
} from "./page_helper.ts";

const WITH_BROKER = { ignore: !mosquittoAvailable };
const PHONE = { width: 390, height: 844 };

/** Number of elements. */
function count(page: Page, selector: string): Promise<number> {
  return page.locator(selector).count();
}

browserTest("the page shows what was published, in both networks", async (chromium) => {
  using scratch = new Scratch("page");
  await using broker = await Mosquitto.start();
  await using service = await startService(scratch, broker);
  await using publisher = await Publisher.connect(broker.port);
  const { page, complaints } = await chromium.tab();

  // Before anything came, each part says what to expect.
  await page.goto(pageUrl(service));
  await says(page, "#verdict-text", "All is well");
  await says(page, "#feed-empty", "nothing has come");
  await says(page, "#map-empty", "No node has given a position yet");
  await says(page, "#nodes-empty", "No node is known yet");
  await picture(page, "empty-light");

  await publishLife(publisher, 3);
  await publishNode(publisher, 0x0badcafe, "Lighthouse", "LH");
  await publishPosition(publisher, 0x0badcafe, 40.5, -39.4);
  await publishText(publisher, "The tide is out", 0x0badcafe);
  await says(page, "#feed tbody tr", "The tide is out");
  await says(page, "#feed tbody tr .from", "Lighthouse");
  await says(page, "#sources-table tbody tr:nth-child(1)", "Up");
  await says(page, "#sources-table tbody tr:nth-child(2)", "Up");
  await says(page, ".panel[data-network=meshtastic] .tally", "Telemetry");
  await says(page, ".panel[data-network=meshcore] .tally", "Advert");

  // The same as the databases say, once the page has asked them.
  await page.reload();
  await says(page, "#feed tbody tr", "The tide is out");
  await page.locator("#map-box path.dot").first().waitFor({ state: "attached" });
  assert.ok(await count(page, "#map-box path.dot.meshcore") > 0);
  await page.fill("#node-filters input", "lighthouse");
  const row = page.locator("#nodes-table tbody tr");
  await row.first().waitFor();
  assert.equal(await row.count(), 1);
  const cells = await row.first().locator("td").allTextContents();
  assert.deepEqual(cells.slice(0, 5), ["Lighthouse", "!0badcafe", "Meshtastic", "Client", "TBEAM"]);
  assert.equal(cells[6], "40.500, -39.400");
  await page.fill("#node-filters input", "");

  // The filters: by network, by type, by a node's name.
  await page.selectOption("#filters select[name=network]", "meshcore");
  await page.waitForFunction(
    "[...document.querySelectorAll('#feed tbody tr')].every(tr => tr.dataset.network === 'meshcore')",
  );
  await page.selectOption("#filters select[name=network]", "");
  await page.selectOption("#filters select[name=type]", "TEXT_MESSAGE_APP");
  await page.fill("#filters input[name=node]", "lighthouse");
  await says(page, "#feed tbody tr", "The tide is out");
  assert.equal(await count(page, "#feed tbody tr"), 1);
  await page.selectOption("#filters select[name=type]", "");
  await page.fill("#filters input[name=node]", "");

  // While it is paused, nothing moves; afterwards nothing is missing.
  await page.click("#pause");
  await publishText(publisher, "Said meanwhile");
  await says(page, "#feed-note", "1 wait");
  assert.equal(await page.locator("#feed tbody tr", { hasText: "Said meanwhile" }).count(), 0);
  await page.click("#pause");
  await says(page, "#feed tbody tr", "Said meanwhile");
  await picture(page, "busy-light");
  assert.deepEqual(complaints, []);
}, WITH_BROKER);

browserTest(
  "the page goes on after the service was started again, history included",
  async (chromium) => {
    using scratch = new Scratch("page");
    await using broker = await Mosquitto.start();
    await using service = await startService(scratch, broker);
    await using publisher = await Publisher.connect(broker.port);
    await publishText(publisher, "before");
    await service.stored(1);
    const { page, complaints } = await chromium.tab();
    await page.goto(pageUrl(service));
    await says(page, "#link-text", "Live");

    await service.stop();
    await says(page, "#link-text", "Not connected");
    await says(page, "#lost", "No connection to meshcapture since");
    await picture(page, "lost-light");
    await service.run();
    await says(page, "#link-text", "Live");
    assert.equal(await page.locator("#lost").isVisible(), false);
    await says(page, "#feed tbody tr", "before");
    await publishText(publisher, "after");
    await says(page, "#feed tbody tr", "after");
    // The minute that the stop cut short is in the database.
    await page.locator("#charts canvas").first().waitFor();
    const answer = await service.fetchText("/api/history?hours=1");
    const { networks } = JSON.parse(answer!.text);
    assert.ok(networks.meshtastic.columns.stored.reduce((a: number, b: number) => a + b, 0) >= 1);
    assert.deepEqual(complaints, []);
  },
  WITH_BROKER,
);

browserTest("what comes while the databases are asked stays on the page", async (chromium) => {
  using scratch = new Scratch("page");
  await using broker = await Mosquitto.start();
  await using service = await startService(scratch, broker);
  await using publisher = await Publisher.connect(broker.port);
  await publishText(publisher, "long ago");
  await service.stored(1);
  const { page, complaints } = await chromium.tab();
  // The answer is from before what is said now, and arrives after it.
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  await page.route("**/api/packets*", async (route) => {
    const response = await route.fetch();
    asked.resolve();
    await go.promise;
    await route.fulfill({ response });
  });
  await page.goto(pageUrl(service));
  await asked.promise;
  await publishText(publisher, "just now");
  await says(page, "#feed tbody tr", "just now");
  go.resolve();
  await says(page, "#feed tbody tr", "long ago");
  const texts = await page.locator("#feed tbody .text").allTextContents();
  assert.deepEqual(texts, ["just now", "long ago"]);
  assert.deepEqual(complaints, []);
}, WITH_BROKER);

browserTest("the page turns red when the broker dies, and well again", async (chromium) => {
  using scratch = new Scratch("page");
  await using broker = await Mosquitto.start();
  await using service = await startService(scratch, broker);
  const { page, complaints } = await chromium.tab({ colorScheme: "dark" });
  await page.goto(pageUrl(service));
  await says(page, "#verdict-text", "All is well");
  await broker.kill();
  await says(page, "#sources-table tbody tr", "Down");
  await says(page, "#verdict-text", "In trouble");
  assert.equal(await page.getAttribute("#verdict", "data-state"), "trouble");
  await says(page, "#reasons li", "source home");
  assert.match(await page.title(), /^In trouble/);
  await picture(page, "red-dark");
  await broker.run();
  await says(page, "#verdict-text", "All is well");
  await says(page, "#sources-table tbody tr", "Up");
  assert.deepEqual(complaints, []);
}, WITH_BROKER);

/** What somebody may call a node to run script in the page of whoever looks. */
const EVIL = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(2)>",
  '"><svg onload=alert(3)>',
  "javascript:alert(4)",
  "' onmouseover='alert(5)",
  "</td><iframe srcdoc=x>",
  "{{constructor}}${alert(6)}",
];

browserTest("a node's name and words run no script", async (chromium) => {
  using scratch = new Scratch("page");
  await using broker = await Mosquitto.start();
  await using service = await startService(scratch, broker);
  await using publisher = await Publisher.connect(broker.port);
  const { page, complaints } = await chromium.tab();
  await page.goto(pageUrl(service));
  await says(page, "#verdict-text", "All is well");
  for (const [n, name] of EVIL.entries()) {
    await publishNode(publisher, 0x100 + n, name, "<b>");
    await publishPosition(publisher, 0x100 + n, 48 + n / 100, 9);
    await publishText(publisher, `${name} says ${n}`, 0x100 + n);
    await publisher.publish(
      `meshcore/message/channel/${n}`,
      JSON.stringify({ text: `${name.slice(0, 40)}: core ${n}` }),
    );
    await publisher.publish(
      `meshcore/SJC/${"ab".repeat(31)}0${n}/status`,
      JSON.stringify({ status: name, origin: name, model: name, radio: name }),
    );
  }
  await page.click("#feed-more");
  for (const [n, name] of EVIL.entries()) await says(page, "#feed tbody tr", `${name} says ${n}`);
  await page.reload();
  await page.locator("#nodes-table tbody tr", { hasText: EVIL[0]! }).waitFor();
  await page.locator("#map-box path.dot").first().waitFor({ state: "attached" });
  // Tooltips are made of names, too.
  for (const dot of await page.locator("#map-box path.dot").all()) {
    await dot.dispatchEvent("mouseover");
  }
  await page.locator("#nodes-table tbody button", { hasText: EVIL[1]! }).first().click();
  await says(page, "#feed tbody tr", "alert(2)");
  assert.equal(
    await count(
      page,
      "main script, main iframe, main img, main b, main svg:not(.leaflet-zoom-animated)",
    ),
    0,
  );
  assert.deepEqual(
    await page.evaluate(
      "[...document.querySelectorAll('*')].flatMap((e) => e.getAttributeNames()).filter((n) => n.startsWith('on'))",
    ),
    [],
  );
  assert.deepEqual(complaints, []);
  // Should one get through all the same, the policy stops it.
  await page.evaluate(
    "document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,\" onerror=\"document.title = `run`\">')",
  );
  await page.waitForFunction("document.querySelector('body > img').complete");
  assert.notEqual(await page.title(), "run");
  assert.match(complaints.join(), /Content Security Policy/);
}, WITH_BROKER);

browserTest("everything is reached with the keyboard", async (chromium) => {
  using scratch = new Scratch("page");
  await using broker = await Mosquitto.start();
  await using service = await startService(scratch, broker);
  await using publisher = await Publisher.connect(broker.port);
  await publishNode(publisher, 0x100, "Lighthouse", "LH");
  await publishPosition(publisher, 0x100, 48, 9);
  await service.stored(2);
  const { page } = await chromium.tab();
  await page.goto(pageUrl(service));
  await page.locator("#nodes-table tbody button").first().waitFor();
  await page.locator("#map-box path.dot").first().waitFor({ state: "attached" });
  const reached: string[] = [];
  for (let n = 0; n < 60; n++) {
    await page.keyboard.press("Tab");
    const [name, outlined] = await page.evaluate(`(() => {
      const e = document.activeElement;
      if (e === document.body) return ["body", true];
      const shown = e.matches(".choice input") ? e.nextElementSibling : e;
      const style = getComputedStyle(shown);
      return [e.id || e.name || e.dataset?.sort || e.textContent.trim() || e.outerHTML.slice(0, 120), style.outlineStyle !== "none"];
    })()`) as [string, boolean];
    // Past the last one the browser's own controls come.
    if (name === "body") break;
    reached.push(name);
    assert.ok(outlined, `${name} shows that it has the focus`);
  }
  assert.equal(reached[0], "Skip to the content");
  for (
    const name of [
      "Packets",
      "hours",
      "network",
      "type",
      "node",
      "pause",
      "map-box",
      "find",
      "name",
      "lastSeen",
      "Lighthouse",
      "48.000, 9.000",
    ]
  ) {
    assert.ok(reached.includes(name), `${name} is reached; reached: ${reached.join(", ")}`);
  }
  // Sorting by a head says so.
  await page.focus("[data-sort=name]");
  await page.keyboard.press("Enter");
  assert.equal(
    await page.locator("th:has([data-sort=name])").getAttribute("aria-sort"),
    "ascending",
  );
  // The skip link leads past the head.
  await page.focus(".skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate("document.activeElement.id"), "main");
}, WITH_BROKER);

browserTest("every control and table has a name, and headings do not skip", async (chromium) => {
  using scratch = new Scratch("page");
  await using broker = await Mosquitto.start();
  await using service = await startService(scratch, broker);
  const { page } = await chromium.tab();
  await page.goto(pageUrl(service));
  await says(page, "#verdict-text", "All is well");
  const nameless = await page.evaluate(`[...document.querySelectorAll("input, select, button, a")]
    .filter((e) => !(e.labels?.length || e.textContent.trim() || e.ariaLabel || e.title))
    .map((e) => e.outerHTML)`);
  assert.deepEqual(nameless, []);
  const levels = await page.evaluate(
    `[...document.querySelectorAll("h1, h2, h3, h4")].map((e) => Number(e.tagName[1]))`,
  ) as number[];
  assert.equal(levels[0], 1);
  levels.forEach((level, i) => assert.ok(i === 0 || level <= levels[i - 1]! + 1, levels.join()));
  // What changes every two seconds is not read out; what matters is.
  assert.equal(await count(page, "[aria-live]"), 0);
  assert.deepEqual(
    await page.evaluate(
      `[...document.querySelectorAll("[role=status], [role=alert]")].map((e) => e.id)`,
    ),
    ["lost", "verdict-text"],
  );
  assert.equal(await page.getAttribute("html", "lang"), "en");
}, WITH_BROKER);

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(`on a phone nothing is wider than the screen, ${colorScheme}`, async (chromium) => {
    using scratch = new Scratch("page");
    await using broker = await Mosquitto.start();
    await using service = await startService(scratch, broker);
    await using publisher = await Publisher.connect(broker.port);
    const { page, complaints } = await chromium.tab({
      viewport: PHONE,
      deviceScaleFactor: 2,
      isMobile: true,
      hasTouch: true,
      colorScheme,
    });
    await page.goto(pageUrl(service));
    await says(page, "#verdict-text", "All is well");
    assert.equal(await overflowsSideways(page), false);
    await publishLife(publisher, 2);
    await publishNode(publisher, 0x100, "W".repeat(39), "WWWW");
    // Of so many packets in a second the feed counts some and shows the others: until it is among
    // these.
    const text = page.locator("#feed tbody tr").filter({ hasText: "www" }).first();
    await waitUntil(
      async () => {
        await publishText(publisher, "w".repeat(200), 0x100);
        return await text.waitFor({ timeout: 3_000 }).then(() => true, () => false);
      },
      "the long text is in the feed",
      60_000,
    );
    await page.reload();
    await page.locator("#map-box path.dot").first().waitFor({ state: "attached" });
    await picture(page, `phone-${colorScheme}`);
    await page.click("#nodes-more");
    assert.equal(await overflowsSideways(page), false);
    assert.deepEqual(complaints, []);
  }, WITH_BROKER);
}

browserTest(
  "on a small window a source's name is not broken letter by letter",
  async (chromium) => {
    using scratch = new Scratch("page");
    await using broker = await Mosquitto.start();
    await using service = await startService(scratch, broker);
    for (const viewport of [{ width: 820, height: 900 }, { width: 1000, height: 900 }, PHONE]) {
      const { page, complaints } = await chromium.tab({ viewport });
      await page.goto(pageUrl(service));
      await says(page, "#verdict-text", "All is well");
      const cell = await page.locator("#sources-table tbody td:nth-child(2)").first().boundingBox();
      assert.ok(cell!.width >= 160, `${cell!.width} of ${viewport.width}`);
      assert.equal(await overflowsSideways(page), false);
      assert.deepEqual(complaints, []);
    }
  },
  WITH_BROKER,
);

browserTest(
  "another machine needs the token, shows it once, and is not asked again",
  async (chromium) => {
    using scratch = new Scratch("page");
    await using broker = await Mosquitto.start();
    const service = await startService(scratch, broker, {
      // From this machine all the same: a test has no other.
      args: [
        "--set",
        "observability.page_access=token",
        "--set",
        "observability.token=correct-horse-battery",
      ],
    });
    await using _ = service;
    const { page, complaints } = await chromium.tab();
    const first = await page.goto(pageUrl(service));
    assert.equal(first!.status(), 401);
    await says(page, "h1", "not shown to you");
    await picture(page, "denied-light");
    await page.fill("#token", "wrong-wrong-wrong");
    await page.keyboard.press("Enter");
    await says(page, "main", "not the right one");
    await page.fill("#token", "correct-horse-battery");
    await page.keyboard.press("Enter");
    await says(page, "#verdict-text", "All is well");
    await says(page, "#link-text", "Live");

    const other = await chromium.tab();
    await other.page.goto(`${pageUrl(service)}?token=correct-horse-battery`);
    await says(other.page, "#verdict-text", "All is well");
    assert.equal(other.page.url(), pageUrl(service));
    assert.equal(await other.page.evaluate("document.cookie"), "");
    // A refusal is no fault of the page.
    assert.deepEqual(complaints.filter((text) => !text.includes("401")), []);
  },
  WITH_BROKER,
);
