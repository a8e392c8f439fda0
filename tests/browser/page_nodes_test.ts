/** Nodes in the table and on the map, in a browser. @module */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { Mosquitto, mosquittoAvailable } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { browserTest, overflowsSideways } from "./chromium.ts";
import {
  pageUrl,
  publishNode,
  publishPosition,
  publishText,
  says,
  startService,
  writeInto,
} from "./page_helper.ts";

const WITH_BROKER = { ignore: !mosquittoAvailable };

/** Waits for the page's next look at the nodes. */
async function askedAgain(page: Page): Promise<void> {
  await page.waitForResponse("**/api/nodes", { timeout: 45_000 });
  await page.evaluate("new Promise((resolve) => setTimeout(resolve, 500))");
}

browserTest("a node that is heard again is recent again, and stays so", async (chromium) => {
  using scratch = new Scratch("page");
  await using broker = await Mosquitto.start();
  await using service = await startService(scratch, broker);
  await using publisher = await Publisher.connect(broker.port);
  await publishNode(publisher, 0x0badcafe, "Lighthouse", "LH");
  await publishPosition(publisher, 0x0badcafe, 48.5, 9.4);
  await service.stored(2);
  await service.stop();
  const long = Date.now() / 1000 - 8 * 3600;
  writeInto([service.database], (db) => {
    db.prepare("UPDATE node_info SET last_updated = ?").run(long);
    db.prepare("UPDATE packet_history SET timestamp = ?").run(long);
  });
  await service.run();
  const { page, complaints } = await chromium.tab();
  await page.goto(pageUrl(service));
  await says(page, "#nodes-table tbody tr", "8 h ago");
  await page.locator("#map-box path.dot.old").waitFor({ state: "attached" });
  await publishText(publisher, "I am here", 0x0badcafe);
  const recent = async () => {
    await page.locator("#map-box path.dot:not(.old)").waitFor({ state: "attached" });
    const row = page.locator("#nodes-table tbody tr").filter({ hasText: "Lighthouse" });
    assert.match((await row.locator("td:nth-child(6)").textContent())!, / s ago|just now/);
  };
  await says(page, "#feed tbody tr", "I am here");
  await recent();
  await askedAgain(page);
  await recent();
  await page.reload();
  await recent();
  assert.deepEqual(complaints, []);
}, WITH_BROKER);

browserTest("a database that does not answer takes nothing from the page", async (chromium) => {
  using scratch = new Scratch("page");
  await using broker = await Mosquitto.start();
  await using service = await startService(scratch, broker);
  await using publisher = await Publisher.connect(broker.port);
  await publishNode(publisher, 0x0badcafe, "Lighthouse", "LH");
  await publishText(publisher, "The tide is out", 0x0badcafe);
  await service.stored(2);
  // With the stop the first minute is written.
  await service.stop();
  await service.run();
  const { page, complaints } = await chromium.tab();
  await page.goto(pageUrl(service));
  await says(page, "#charts figcaption", "Meshtastic: last");
  await says(page, "#nodes-table tbody tr", "Lighthouse");

  for (const path of ["nodes", "history", "packets"]) {
    await page.route(`**/api/${path}*`, async (route) => {
      const response = await route.fetch().catch(() => undefined);
      if (response === undefined) return await route.abort();
      const json = await response.json();
      if (path === "packets") json.packets = [];
      else delete json.networks.meshtastic;
      if (path === "nodes") json.totals = { meshcore: 10_058 };
      json.problems.meshtastic = "it is locked";
      await route.fulfill({ json });
    });
  }
  await service.stop();
  await service.run();
  const problem = "Meshtastic's database does not answer: it is locked.";
  for (const place of ["#history-empty", "#feed-note", "#nodes-empty"]) {
    await says(page, place, problem);
  }
  await says(page, "#charts figcaption", "Meshtastic: last");
  await says(page, "#feed tbody tr", "The tide is out");
  await says(page, "#nodes-table tbody tr", "Lighthouse");
  await says(page, "#nodes-note", "heard last of 10,058");
  await page.fill("#node-filters input", "nobody");
  await says(page, "#nodes-empty", "No node matches among those that are here (MeshCore: the");
  assert.deepEqual(complaints, []);
}, WITH_BROKER);

browserTest("a node's packets are shown whatever was filtered before", async (chromium) => {
  using scratch = new Scratch("page");
  await using broker = await Mosquitto.start();
  await using service = await startService(scratch, broker);
  await using publisher = await Publisher.connect(broker.port);
  await publishNode(publisher, 0x0badcafe, "Lighthouse", "LH");
  await publishText(publisher, "The tide is out", 0x0badcafe);
  await service.stored(2);
  const { page, complaints } = await chromium.tab();
  await page.goto(pageUrl(service));
  const button = page.locator("#nodes-table tbody button", { hasText: "Lighthouse" });
  await button.waitFor();
  await page.selectOption("#filters select[name=network]", "meshcore");
  await says(page, "#feed-empty", "None of the last packets matches");
  await button.click();
  await says(page, "#feed tbody tr", "The tide is out");
  await says(page, "#feed-note", "live");
  await service.stop();
  await says(page, "#feed-note", "not connected");
  assert.doesNotMatch((await page.textContent("#feed-note"))!, /live/);
  assert.deepEqual(complaints, []);
}, WITH_BROKER);

browserTest(
  "no name breaks the table, and one that shows nothing can be clicked",
  async (chromium) => {
    using scratch = new Scratch("page");
    await using broker = await Mosquitto.start();
    await using service = await startService(scratch, broker);
    await using publisher = await Publisher.connect(broker.port);
    const names = ["Grauer Bär Repeater Nordhauptbahnhof 1", "W".repeat(39), "\u200b\u200b"];
    for (const [n, name] of names.entries()) {
      await publishNode(publisher, 0x100 + n, name, name.slice(0, 2));
      await publishPosition(publisher, 0x100 + n, 48.123 + n, -119.123);
    }
    await service.stored(6);
    for (const width of [1280, 900, 760]) {
      const { page, complaints } = await chromium.tab({ viewport: { width, height: 900 } });
      await page.goto(pageUrl(service));
      const row = page.locator("#nodes-table tbody tr");
      await row.filter({ hasText: "without a name" }).first().waitFor();
      assert.equal(await overflowsSideways(page), false, `${width}`);
      // Id, network, role and hardware are a word each, and stand in a line.
      const broken = await page.evaluate(`[...document.querySelectorAll("#nodes-table tbody tr")]
      .flatMap((row) => [...row.cells].slice(1, 5))
      .filter((cell) => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        return range.getClientRects().length > 1;
      })
      .map((cell) => cell.textContent)`);
      assert.deepEqual(broken, [], `${width}`);
      const button = row.filter({ hasText: "without a name" }).first().locator("button").first();
      assert.ok((await button.boundingBox())!.width > 20);
      assert.deepEqual(complaints, []);
    }
  },
  WITH_BROKER,
);

browserTest("the focus stays on a row that moves", async (chromium) => {
  using scratch = new Scratch("page");
  await using broker = await Mosquitto.start();
  await using service = await startService(scratch, broker);
  await using publisher = await Publisher.connect(broker.port);
  for (const [n, name] of ["First", "Second", "Third"].entries()) {
    await publishNode(publisher, 0x100 + n, name, "N");
  }
  await service.stored(3);
  const { page, complaints } = await chromium.tab();
  await page.goto(pageUrl(service));
  // Upwards past the row of the focus, and the row of the focus itself.
  for (const name of ["Second", "First"]) {
    await page.locator("#nodes-table tbody button", { hasText: "First" }).focus();
    await publishText(publisher, `${name} again`, name === "First" ? 0x100 : 0x101);
    await says(page, "#nodes-table tbody tr:first-child", name);
    assert.equal(await page.evaluate("document.activeElement.textContent"), "First");
  }
  assert.deepEqual(complaints, []);
}, WITH_BROKER);
