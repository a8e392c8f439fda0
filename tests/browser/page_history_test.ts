/** The charts in a browser, over a history that was written for them. @module */
import assert from "node:assert/strict";
import { Mosquitto, mosquittoAvailable } from "../helpers/mosquitto.ts";
import { Scratch } from "../helpers/scratch.ts";
import { browserTest } from "./chromium.ts";
import { pageUrl, says, startService, writeInto } from "./page_helper.ts";

browserTest(
  "every choice of hours shows its history, whatever the browser's clock says",
  async (chromium) => {
    using scratch = new Scratch("page");
    await using broker = await Mosquitto.start();
    await using service = await startService(scratch, broker);
    await service.stop();
    const now = Math.floor(Date.now() / 60_000) * 60;
    writeInto([service.database, scratch.file("meshcore.db")], (db) => {
      const row = db.prepare(
        `INSERT OR REPLACE INTO capture_samples (at, received, stored, unreadable, dropped,
           decrypted, no_key, commits, commit_ms_max, queue_max, sources_up, sources, database_bytes)
         VALUES (?, 60, 60, 0, 0, 50, 5, 10, 4.5, 7, 1, 1, 1000000)`,
      );
      for (let at = now - 7 * 86_400; at < now; at += 60) row.run(at);
    });
    await service.run();
    for (const ahead of [0, -3 * 3_600_000, 3 * 3_600_000]) {
      const { page, complaints } = await chromium.tab();
      await page.addInitScript(
        `{ const now = Date.now; Date.now = () => now() + ${ahead}; }`,
      );
      await page.goto(pageUrl(service));
      await says(page, "#link-text", "Live");
      for (const hours of [1, 6, 24, 168]) {
        const caption = page.locator("#charts figcaption").first();
        await caption.waitFor();
        await page.evaluate("document.querySelector('#charts figcaption').textContent = ''");
        await page.locator(`#hours input[value="${hours}"]`).dispatchEvent("click");
        await caption.filter({ hasText: "Meshtastic" }).waitFor();
        const words = await caption.textContent();
        assert.match(
          words!,
          /^Meshtastic: .*highest 60;/,
          `${hours} h, the clock ${ahead} ms ahead`,
        );
      }
      assert.deepEqual(complaints, []);
    }
  },
  { ignore: !mosquittoAvailable },
);
