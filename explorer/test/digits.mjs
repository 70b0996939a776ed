// The path of a drawn digit through digits.html, as JSON: node test/digits.mjs ADDRESS
import { start } from "./browser.mjs";

const address = process.argv[2];
const { browser, faults, open, inaccessible } = await start();
const page = await open(address);
await page.waitForSelector("#inspect b");
const answer = async () => (await page.textContent("#answer .answer")).match(/It is a (\d)/)[1];
const result = { axe: [] };

// The test digits of the page: those with a red frame are the ones classified wrongly. Some of both are chosen.
result.digits = await page.evaluate(() => [...document.querySelectorAll(".gallery button")].map((button, k) => {
  const framed = button.className === "misclassified";
  if (k % 9) return [button.title, null, framed];
  button.click();
  const [, digit] = document.querySelector("#answer .answer").textContent.match(/It is a (\d)/);
  return [button.title, Number(digit), framed];
}));

// A 7, drawn by mouse; then an empty pad.
await page.click("text=Clear");
const box = await page.locator(".pad").boundingBox();
const place = (x, y) => [box.x + x * box.width, box.y + y * box.height];
await page.mouse.move(...place(0.3, 0.2));
await page.mouse.down();
await page.mouse.move(...place(0.7, 0.2), { steps: 5 });
await page.mouse.move(...place(0.45, 0.85), { steps: 8 });
await page.mouse.up();
result.drawn = await answer();

// Every layer can be pointed at, with the mouse and with the keys.
result.layers = [];
for (const canvas of await page.locator("#layers canvas").all()) {
  await canvas.focus();
  await page.keyboard.press("ArrowRight");
  result.layers.push(await page.textContent("#inspect"));
}

// It learns another label, in a few steps, and forgets it.
await page.locator("#labels input").nth(3).check();
await page.click("text=Steps until it is a 3");
result.learned = [await answer(), await page.textContent("#panel .finding")];
await page.click("text=What else has changed?");
result.changed = await page.textContent("#panel .finding");
await page.click("text=Trained weights again");
result.again = await answer();
await page.click("#tab-adversary");
await page.locator("#panel button").nth(2).click();
result.fooled = await page.textContent("#panel .finding");
await page.selectOption("#mode", "gradients");
for (const tab of ["statistics", "saliency", "learning"]) {
  await page.click(`#tab-${tab}`);
  result.axe.push(...await inaccessible(page, tab === "statistics" ? "html" : "#panel"));
}
await page.click("text=Clear");
result.empty = await page.textContent("#answer .answer");

for (const scheme of ["light", "dark"]) {
  const phone = await open(address, 390, 844, scheme);
  await phone.waitForSelector("#inspect b");
  result.axe.push(...await inaccessible(phone));
  result.phoneWidth = await phone.evaluate(() => document.documentElement.scrollWidth);
}
result.faults = faults;
console.log(JSON.stringify(result));
await browser.close();
