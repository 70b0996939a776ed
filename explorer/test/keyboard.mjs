// The pages with the keyboard alone, as JSON: node test/keyboard.mjs FOLDER
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { start } from "./browser.mjs";

const at = (name) => pathToFileURL(join(process.argv[2], `${name}.html`)).href;
const { browser, faults, open, inaccessible } = await start();
const result = { stops: {}, axe: [] };

/** What has the focus: its name, how it is marked, whether it can be seen. */
const focus = (page) => page.evaluate(() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const box = one.getBoundingClientRect();
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  return {
    name: (one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent).trim().slice(0, 60),
    isMarked: outlineStyle === "solid" && parseFloat(outlineWidth) >= 2,
    isSeen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
});
const name = async (page) => (await focus(page))?.name ?? "nothing";

/** Every stop of the Tab key, from the top of the page to its end. */
async function stops(page) {
  const found = [];
  await page.evaluate(() => document.activeElement.blur());
  for (let k = 0; k < 300; k++) {
    await page.keyboard.press("Tab");
    const here = await focus(page);
    if (!here) break;
    found.push(here);
  }
  return found;
}

/** Focus, press keys, and say what has the focus then. */
async function after(page, selector, ...keys) {
  await page.locator(selector).first().focus();
  for (const key of keys) await page.keyboard.press(key);
  return name(page);
}

// --- Backpropagation -----------------------------------------------------------------------------

for (const [scheme, width, height] of [["light", 1440, 900], ["dark", 390, 844]]) {
  const page = await open(at("backprop"), width, height, scheme);
  result.stops[`backprop ${width}`] = await stops(page);
  await page.close();
}
let page = await open(at("backprop"));
const loss = () => page.textContent("#summary");
result.kept = {
  preset: [await after(page, "#preset select", "ArrowDown"), await page.inputValue("#preset select")],
  example: [(await page.selectOption("#preset select", "xor"), await after(page, "#example select", "ArrowDown"))],
  label: [(await page.selectOption("#preset select", "course"), await after(page, "text=w5 =", " ", "1", "Enter")), await loss()],
  escaped: [await after(page, "text=w5 =", "Enter", "2", "Escape"), await loss()],
  step: [await after(page, "#card button", "ArrowRight", "ArrowRight"), await page.textContent("#card .phase")],
};
result.why = [await after(page, ".node.hidden", "Enter"), await page.textContent("#why summary")];
await page.keyboard.press("n"); // the numbers of the next update
result.why.push(await page.textContent("#why summary"), await name(page));
await page.keyboard.press("Escape");
result.why.push(await name(page), await page.isHidden("#why"));

for (const [tab, selector, keys] of [
  ["curves", "#panel input[type=range]", ["ArrowRight", "ArrowRight"]], ["surface", ".unit >> nth=1", ["Enter"]],
  ["check", "#panel input[type=range]", ["ArrowLeft", "ArrowLeft"]], ["check", "#panel select", ["ArrowDown"]],
  ["mistake", "#panel select", ["ArrowDown"]], ["quiz", "text=Next question", ["Enter"]], ["build", "text=Build this network", ["Enter"]],
]) {
  await page.click(`#tab-${tab}`);
  await page.locator(selector).first().focus();
  const before = await name(page);
  const now = await after(page, selector, ...keys);
  result.kept[`${tab} ${selector}`] = [now === before ? "same" : `${before} → ${now}`];
}
result.tabs = [await after(page, "[role=tab][aria-selected=true]", "Home"), await after(page, "[role=tab][aria-selected=true]", "ArrowLeft")];

// The sheet is one stop; the arrows move in it, and the diagram follows.
await page.selectOption("#preset select", "course-half");
await page.click("#tab-workbook");
await page.waitForFunction(() => /^Recalculated|cannot/.test(document.querySelector("#panel .finding")?.textContent ?? ""));
result.sheet = [await page.locator(".sheet td[tabindex='0']").count()];
await after(page, ".sheet td[tabindex='0']", "ArrowDown", "ArrowDown", "ArrowRight");
result.sheet.push(await page.inputValue("#iteration"), await page.evaluate(() => {
  const cell = document.activeElement;
  return cell.matches("td.now") ? cell.textContent : `${cell.tagName}: ${cell.className}`;
}));
result.axe.push(...await inaccessible(page, "#panel"));

// With more lines than there is room for numbers, a field changes any weight.
await page.click("#tab-build");
await page.getByLabel("hidden layers (units)").fill("16, 8");
await page.click("text=Build this network");
const before = await loss();
await page.locator("#weight select").focus();
await page.keyboard.press("End");
await page.getByLabel("before training").fill("3");
await page.keyboard.press("Enter");
result.weight = [await page.inputValue("#weight select"), (await loss()) !== before, await name(page)];
await page.locator("line.weighed").first().click();
result.weight.push(await page.inputValue("#weight select"));
result.axe.push(...await inaccessible(page));

// --- The digit classifier ------------------------------------------------------------------------

await page.close();
page = await open(at("digits"), 390, 844, "dark");
await page.waitForSelector("#inspect b");
result.stops["digits 390"] = await stops(page);

// A 1, drawn with the keys.
await after(page, "text=Clear", "Enter");
await after(page, ".pad", " ", ...Array(11).fill("ArrowDown"), " ");
result.drawn = await page.textContent("#answer .answer");
const pictured = await after(page, ".gallery button", "ArrowRight", "ArrowDown", "Enter");
result.gallery = [pictured, await page.textContent("#answer .answer")];

// Over the edge of a map lies the next one.
const place = () => page.textContent("#spoken");
await after(page, "#layers canvas >> nth=1", ...Array(12).fill("ArrowRight"));
result.maps = [await place()];
await page.keyboard.press("PageDown");
result.maps.push(await place());
result.kept["One step"] = [await after(page, "text=One step", "Enter"), await page.textContent("#panel .finding")];

// --- Check my workbook, with a Worker that answers what it is told to ---------------------------------

/** In the place of Python: finds nothing in any file, and keeps silent on the first. */
function pretend() {
  const answer = (name) => ({ files: [{ name, verdict: "all right", outcome: "right", tables: [], rest: [] }], error: "", results: "" });
  window.Worker = class {
    postMessage({ parts, name }) {
      if (name === "first.xlsx") return;
      setTimeout(() => this.onmessage({ data: parts ? { ready: true } : { answer: answer(name) } }));
    }
    terminate() { window.ended = (window.ended ?? 0) + 1; }
  };
}
await page.close();
page = await open("about:blank");
await page.addInitScript(pretend);
await page.goto(at("audit"));
result.stops["audit 1440"] = await stops(page);
await page.setInputFiles("#files", ["first.xlsx", "second.xlsx"].map((name) => ({ name, mimeType: "text/plain", buffer: Buffer.from("PK") })));
result.stopped = [await after(page, "text=Stop", "Enter")];
await page.waitForFunction(() => document.querySelectorAll(".workbook").length === 2);
result.stopped.push(...await page.locator(".workbook .verdict").allTextContents(), await page.evaluate(() => window.ended));
result.kept.Clear = [await after(page, "text=Clear", "Enter"), String(await page.locator(".workbook").count())];

result.faults = faults;
console.log(JSON.stringify(result));
await browser.close();
