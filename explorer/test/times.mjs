// CPU seconds of Chromium for audit.html, as JSON: node test/times.mjs ADDRESS FILE...
// Until Python is ready, then for each file.
import { start } from "./browser.mjs";

const [address, ...files] = process.argv.slice(2);
const { browser, open } = await start();
const session = await browser.newBrowserCDPSession();
const spent = async () => (await session.send("SystemInfo.getProcessInfo")).processInfo
  .reduce((sum, one) => sum + one.cpuTime, 0);

let before = await spent();
const lap = async () => {
  const now = await spent();
  const seconds = now - before;
  before = now;
  return Number(seconds.toFixed(2));
};
const page = await open(address);
page.setDefaultTimeout(600_000);
await page.waitForFunction(() => document.querySelector("#status").textContent === "Ready.");
const result = { start: await lap(), files: [] };
for (const [k, file] of files.entries()) {
  await page.setInputFiles("#files", file);
  await page.waitForFunction((n) => document.querySelectorAll(".workbook").length > n, k);
  result.files.push(await lap());
}
console.log(JSON.stringify(result));
await browser.close();
