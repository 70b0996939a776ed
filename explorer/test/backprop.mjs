// The path of a learner through backprop.html, as JSON: node test/backprop.mjs ADDRESS
import { start } from "./browser.mjs";

const address = process.argv[2];
const { browser, faults, open, inaccessible, printed } = await start();
const page = await open(address);
const result = { axe: [], presets: {} };
const loss = async (tab = page) => (await tab.textContent("#summary")).match(/loss is ([^ ]+)\.$/)?.[1] ?? "";
const card = () => page.textContent("#card");

// Stepping through an iteration reaches the update; one more step begins the next iteration.
result.lossAtStart = await loss();
const titles = new Set();
const steps = Number((await card()).match(/of (\d+)/)[1]);
for (let step = 0; step < steps; step++) {
  titles.add((await page.textContent("#card .phase")).split(" · ")[0]);
  await page.keyboard.press("ArrowRight");
}
result.phases = [...titles];
result.lossAfterOne = await loss();
await page.fill("#iteration", "50");
await page.keyboard.press("Enter");
result.lossAfter50 = await loss();
await page.click("text=Rewind");
result.lossRewound = await loss();

// Why this number? opens down to given numbers.
await page.click(".node.output circle >> nth=0");
result.why = await page.textContent("#why");

// A weight is changed on the drawing; the address holds it.
await page.click("text=w5 =");
await page.fill(".inplace", "0.9");
await page.keyboard.press("Enter");
result.lossOfChanged = await loss();
await page.waitForTimeout(600);
const again = await open(page.url());
result.lossReloaded = await loss(again);

// The workbook follows the drawing, and the drawing the workbook; it can be saved.
const recalculated = async () => {
  await page.waitForFunction(() => /^Recalculated|cannot/.test(document.querySelector("#panel .finding")?.textContent ?? ""));
  return page.textContent("#panel .finding");
};
await page.selectOption("#preset select", "course");
await page.click("#tab-workbook");
result.workbook = { told: [await recalculated()] };
await page.locator(".inputs").getByLabel("w5", { exact: true }).fill("0.9");
await page.keyboard.press("Tab");
await page.waitForFunction(() => document.querySelector(".sheet tbody td:nth-child(14)").textContent === "0.90000000");
result.workbook.loss = await loss();
await page.click(".sheet tbody tr:nth-child(3) td:nth-child(10)");
result.workbook.iteration = await page.inputValue("#iteration");
await page.waitForFunction(() => document.querySelector(".bar-of-formulas").textContent.startsWith("M7"));
result.workbook.formula = await page.textContent(".bar-of-formulas");
result.workbook.told.push(await recalculated());
const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Save this workbook")]);
if (process.argv[3]) await download.saveAs(process.argv[3]);
result.axe.push(...await inaccessible(page, "#panel"));

// Every preset in every panel.
for (const preset of ["course", "course-half", "mazur", "xor", "and", "iris-mini"]) {
  await page.selectOption("#preset select", preset);
  const found = [];
  for (const tab of ["curves", "surface", "check", "mistake", "quiz", "workbook", "build"]) {
    await page.click(`#tab-${tab}`);
    found.push((await page.textContent("#panel")).length);
  }
  result.presets[preset] = { loss: await loss(), panels: found };
}

// What each unit has learned.
await page.selectOption("#preset select", "xor");
await page.click("#tab-surface");
const units = page.locator(".unit");
result.units = [await units.allTextContents()];
await units.nth(1).click();
result.units.push(await page.textContent("#panel .finding"));

// Toy examples: the surface follows the training, beside the loss of the examples held out.
await page.locator("#panel select").first().selectOption("circle");
await page.fill("#iteration", "30");
await page.keyboard.press("Enter");
result.toy = [await page.textContent(".losses p")];
await page.locator("#panel .play").click();
await page.waitForFunction(() => Number(document.querySelector("#iteration").value) > 32);
await page.locator("#panel .play").click();
result.toy.push(await page.textContent("#transport .play"), await page.textContent("#panel .finding"));
result.axe.push(...await inaccessible(page, "#panel"));

// A quiz: the marked answer is accepted.
await page.click("#tab-quiz");
const rows = await page.locator(".quiz button").count();
await page.click("text=Hint (half a point)");
await page.locator(".quiz button").first().click();
result.quiz = { rows, told: await page.textContent("#panel .finding"), marked: await page.locator(".quiz li.wrong").count() };

// A network of one's own.
await page.click("#tab-build");
await page.getByLabel("hidden layers (units)").fill("3, 2");
await page.locator("#panel").getByLabel("examples").fill("a;b;t\n0;1;1\n1,0,0\n1 1 1");
await page.locator("#panel").getByLabel("outputs", { exact: true }).fill("1");
await page.click("text=Build this network");
result.built = { error: await page.textContent(".builder .error"), nodes: await page.locator(".diagram .node").count() };

// What must not work, in a sentence.
const refused = async (hidden, examples) => {
  await page.getByLabel("hidden layers (units)").fill(hidden);
  await page.locator("#panel").getByLabel("examples").fill(examples);
  await page.click("text=Build this network");
  return page.textContent(".builder .error");
};
result.refused = [
  await refused("100, 100", "1,2,3"), await refused("0", "1,2,3"), await refused("2", "1,NaN,3"),
  await refused("2", ""), await refused("2", "1,2\n1,2,3"), await refused("two", "1,2,3"),
];
await page.click("text=Open a network file (TOML)");
for (const toml of ["[[[", "inputs = 5", 'inputs=[1]\ntargets=[1]\nloss="<img src=x onerror=alert(1)>"\n[[layers]]\nweights=[[1.0]]',
  'inputs=[nan]\ntargets=[1]\n[[layers]]\nweights=[[1.0]]', `inputs=[1]\ntargets=[${"1,".repeat(10_000)}]\n[[layers]]\nweights=[${"[1.0],".repeat(10_000)}]`]) {
  await page.fill("textarea[aria-label='A network as TOML']", toml);
  await page.click("text=Open this network");
  result.refused.push(await page.textContent("details .error"));
}
await page.fill("textarea[aria-label='A network as TOML']",
  'name="x"\ntitle="<b id=injected>bold</b>"\ninputs=[1.0]\ntargets=[0.5]\n[[layers]]\nactivation="tanh"\nweights=[[1e6]]');
await page.click("text=Open this network");
result.injected = await page.locator("#injected").count();
for (const hash of ["#x", "#%00", "#eyJhIjoxfQ", `#${btoa('["course",1e999,"x",-5]')}`]) {
  const damaged = await open(address + hash);
  result.refused.push((await loss(damaged)) || "no loss");
}

// Divergence is a sentence.
await page.selectOption("#preset select", "course");
await page.click("#tab-curves");
await page.evaluate(() => {
  const slider = document.querySelector("#panel input[type=range]");
  slider.max = "4";
  slider.value = "4";
  slider.dispatchEvent(new Event("input"));
});
result.steep = await page.textContent("#panel .finding");

// Axe, in both schemes, on both sizes; no sideways scrolling on a phone.
for (const [scheme, width, height] of [["light", 1440, 900], ["dark", 390, 844]]) {
  const tab = await open(address, width, height, scheme);
  for (const panel of ["surface", "check", "mistake", "quiz", "build"]) {
    await tab.click(`#tab-${panel}`);
    result.axe.push(...await inaccessible(tab, panel === "surface" ? "html" : "#panel"));
  }
  if (width === 390) result.phoneWidth = await tab.evaluate(() => document.documentElement.scrollWidth);
}
const timed = await open(address);
result.milliseconds = await timed.evaluate(() => {
  const press = (key) => {
    const before = performance.now();
    document.dispatchEvent(new KeyboardEvent("keydown", { key }));
    return performance.now() - before;
  };
  const paint = performance.getEntriesByType("paint").find((one) => one.name === "first-contentful-paint");
  return { paint: paint?.startTime, step: press("ArrowRight"), update: press("n") };
});
// On paper, from the dark page.
const onPaper = await open(address, 1440, 900, "dark");
await onPaper.click(".node.output circle >> nth=0");
result.printed = await printed(onPaper);
result.faults = faults;
console.log(JSON.stringify(result));
await browser.close();
