/** Chromium for the tests of the pages, with a record of everything that must not happen. */

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// Without disable-dev-shm-usage Chromium dies where /dev/shm is small, as in most containers.
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
  "--disable-sync", "--disable-background-networking", "--disable-component-update",
];

export async function start() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS,
  });
  const faults = [];

  /** A page at an address, watched: console errors, exceptions and outside requests are faults. */
  async function open(address, width = 1440, height = 900, scheme = "light") {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000); // other work may go on beside it
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => faults.push(`exception: ${error}`));
    page.on("request", (request) => {
      if (!/^(file|data|blob):/.test(request.url())) faults.push(`request: ${request.url()}`);
    });
    await page.goto(address);
    return page;
  }

  /** What axe-core finds wrong in a part of a page. The policy of the page forbids eval, not this. */
  async function inaccessible(page, part = "html") {
    await page.evaluate((source) => {
      if (window.axe) return;
      const script = document.createElement("script");
      script.textContent = source;
      document.head.append(script);
    }, AXE);
    const found = await page.evaluate((selector) => window.axe.run(selector), part);
    return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
  }

  /** The page on paper: how many sheets of it, what is still a control, and what axe-core finds. */
  async function printed(page) {
    const text = (await page.pdf()).toString("latin1");
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize({ width: 720, height: 1000 }); // the width between the margins
    const controls = await page.evaluate(() => [...document.querySelectorAll("button, input")].filter((one) =>
      one.checkVisibility() && /^(Rewind|Play|Next update|Close|Clear|One step|Save|Dark|Light)|file|range/.test(`${one.textContent}${one.type}`)).length);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    const axe = await inaccessible(page);
    await page.emulateMedia({ media: null });
    return { sheets: text.match(/\/Type\s*\/Page\b/g).length, controls, width, axe };
  }

  return { browser, faults, open, inaccessible, printed };
}
