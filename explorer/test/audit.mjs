// The path of dropped workbooks through audit.html, as JSON: node test/audit.mjs ADDRESS FOLDER COUNT FILE...
// Saved files go to FOLDER; COUNT workbooks are in the files, the zips among them included.
import { join } from "node:path";
import { start } from "./browser.mjs";

const [address, folder, count, ...files] = process.argv.slice(2);
const { browser, faults, open, inaccessible } = await start();
const page = await open(address);
page.setDefaultTimeout(300_000);
const result = { axe: await inaccessible(page) };
const workbooks = page.locator(".workbook");

/** Wait until so many workbooks are on the page. */
async function until(count) {
  await page.waitForFunction((n) => document.querySelectorAll(".workbook").length >= n, count);
}

// What is dropped while Python starts is checked once it runs; all others at once.
const started = Date.now();
await page.setInputFiles("#files", files[0]);
await until(1);
result.first = Date.now() - started;
await page.setInputFiles("#files", files.slice(1));
await until(Number(count));
result.others = Date.now() - started - result.first;
result.workbooks = await workbooks.evaluateAll((all) => all.map((one) => ({
  name: one.getAttribute("aria-label"),
  verdict: one.querySelector(".verdict").textContent,
  recognized: [...one.querySelectorAll(".training > h3")].map((found) => found.textContent),
  findings: [...one.querySelectorAll(".mistake, .remark")].map((found) => ({
    heading: found.querySelector(".heading").textContent,
    others: [...found.querySelectorAll("p:not(.heading), dt, dd")].map((part) => part.textContent),
  })),
})));
result.tally = await page.textContent("#tally");

// The report and the annotated copy of the first workbook are saved.
result.saved = [];
for (const button of ["text=Save the report", "text=Save an annotated copy >> nth=0"]) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(button)]);
  const name = download.suggestedFilename();
  await download.saveAs(join(folder, name));
  result.saved.push(name);
}

// What cannot be audited is a sentence; nothing is injected, nothing hangs.
const hostile = [
  { name: "<img src=x onerror=alert(1)>.xlsx", buffer: Buffer.from("<script>alert(1)</script>") },
  { name: "empty.xlsx", buffer: Buffer.alloc(0) },
  { name: "..", buffer: Buffer.from("PK\x03\x04") },
  { name: "notes.txt", buffer: Buffer.from("<b id=injected>w5</b>") },
].map((one) => ({ ...one, mimeType: "application/octet-stream" }));
const before = await workbooks.count();
await page.evaluate(() => { // a file of 100 MB, made in the page: playwright hands over 50 at most
  const list = new DataTransfer();
  list.items.add(new File([new Uint8Array(100_000_000)], "large.xlsx"));
  document.dispatchEvent(new DragEvent("drop", { dataTransfer: list, bubbles: true, cancelable: true }));
});
await page.setInputFiles("#files", hostile);
await until(before + hostile.length + 1);
result.refused = await page.locator(".workbook .verdict").allTextContents();
result.refused = result.refused.slice(before);
result.injected = await page.locator("#results img, #results script, #injected").count();

result.axe.push(...await inaccessible(page));
await page.emulateMedia({ colorScheme: "dark" });
await page.setViewportSize({ width: 390, height: 844 });
result.axe.push(...await inaccessible(page));
result.phoneWidth = await page.evaluate(() => document.documentElement.scrollWidth);
result.faults = faults;
console.log(JSON.stringify(result));
await browser.close();
