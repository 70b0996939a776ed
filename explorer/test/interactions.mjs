// How long backprop.html takes, in a browser, as JSON: node test/interactions.mjs ADDRESS
// The first paint, the earliest of several loads; and the CPU milliseconds of the page's main thread for one press
// of a key, or one tick of play, until everything is laid out again: the median and the longest of several.
import { start } from "./browser.mjs";

const { browser, open } = await start();
const [TIMES, LOADS] = [15, 5];

/** Milliseconds from the request to the first paint. */
async function painted() {
  const loaded = await open(process.argv[2]);
  const found = await loaded.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.getEntriesByType("paint").find((one) => one.name === "first-contentful-paint").startTime;
  });
  await loaded.context().close();
  return Math.round(found);
}

const loads = [];
for (let k = 0; k < LOADS; k++) loads.push(await painted());
const page = await open(process.argv[2]);
const result = { first_paint_ms: Math.min(...loads) };

/** The CPU milliseconds of the page's main thread for one press. */
async function pressed(key) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const spent = async () => (await session.send("Performance.getMetrics")).metrics
    .find(({ name }) => name === "TaskDuration").value * 1000;
  const all = [];
  for (let k = 0; k < TIMES; k++) {
    const before = await spent();
    await page.evaluate((name) => {
      document.dispatchEvent(new KeyboardEvent("keydown", { key: name }));
      document.body.getBoundingClientRect(); // laid out
    }, key);
    all.push(await spent() - before);
  }
  all.sort((a, b) => a - b);
  const rounded = (ms) => Number(ms.toFixed(1));
  return { median_ms: rounded(all[TIMES >> 1]), longest_ms: rounded(all.at(-1)) };
}

const circle = Array.from({ length: 100 }, (_, k) => {
  const [angle, radius] = [2.4 * k, k % 2 ? 0.4 : 0.9];
  return `${(radius * Math.cos(angle)).toFixed(3)}, ${(radius * Math.sin(angle)).toFixed(3)}, ${k % 2}`;
}).join("\n");

async function measured() {
  const found = {};
  for (const panel of ["curves", "surface", "check", "mistake", "quiz"]) {
    await page.click(`#tab-${panel}`);
    found[panel] = { step: await pressed("ArrowRight"), update: await pressed("n") };
  }
  return found;
}

result.course = await measured();
await page.click("#tab-build");
await page.getByLabel("hidden layers (units)").fill("4, 2");
await page.locator("#panel").getByLabel("examples").fill(circle);
await page.locator("#panel").getByLabel("outputs", { exact: true }).fill("1");
await page.click("text=Build this network");
result.of_100_examples = await measured();
console.log(JSON.stringify(result));
await browser.close();
