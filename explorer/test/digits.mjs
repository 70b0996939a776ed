// The path of a drawn digit through digits.html, as JSON: node test/digits.mjs ADDRESS
import { start } from "./browser.mjs";

const address = process.argv[2];
const { browser, faults, open, inaccessible, printed } = await start();
const page = await open(address);
await page.waitForSelector("#inspect b");
const answer = async () => (await page.textContent("#answer .answer")).match(/It is a (\d)/)[1];
const result = { axe: [] };

// Image, layers and number side by side, in sight together; on a phone the number stays at the foot.
const tops = (tab) => tab.evaluate(() => [...document.querySelectorAll(".three > section")].map((one) => Math.round(one.getBoundingClientRect().top)));
result.tops = await tops(page);

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
const at = (x, y) => [box.x + x * box.width, box.y + y * box.height];
await page.mouse.move(...at(0.3, 0.2));
await page.mouse.down();
await page.mouse.move(...at(0.7, 0.2), { steps: 5 });
await page.mouse.move(...at(0.45, 0.85), { steps: 8 });
await page.mouse.up();
result.drawn = await answer();

// Every layer can be pointed at, with the mouse and with the keys.
result.layers = [];
for (const canvas of await page.locator("#layers canvas").all()) {
  await canvas.focus();
  await page.keyboard.press("ArrowRight");
  result.layers.push(await page.textContent("#inspect"));
}

// The overview leads to a layer, and its window slides until it is stopped.
const place = async () => (await page.textContent("#inspect .phase"));
await page.click(".flow button >> nth=5");
result.flow = [await page.locator(".flow button").allTextContents(), await place()];
await page.click("text=Slide the window");
await page.waitForFunction((first) => document.querySelector("#inspect .phase").textContent !== first, result.flow[1]);
await page.click("#slide button");
result.flow.push(await page.textContent("#slide button"));

// A picture from a file: dark on light, light on dark; what is none, or blank, is a sentence.
const picture = (paper, ink) => page.evaluate(([paper, ink]) => {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: 300, height: 420 });
  const context = canvas.getContext("2d");
  context.fillStyle = paper;
  context.fillRect(0, 0, 300, 420);
  Object.assign(context, { strokeStyle: ink, lineWidth: 26, lineCap: "round", lineJoin: "round" });
  context.stroke(new Path2D("M80 90 H220 L130 340"));
  return canvas.toDataURL();
}, [paper, ink]);
const opened = async (buffer) => {
  await page.click("text=Clear");
  await page.setInputFiles("#pad input", { name: "seven.png", mimeType: "image/png", buffer });
  await page.waitForFunction(() => document.querySelector("#pad .error").textContent || /It is a/.test(document.querySelector("#answer .answer").textContent));
  return await page.textContent("#pad .error") || answer();
};
result.pictures = [];
for (const [paper, ink] of [["#fdf6e3", "#234"], ["#123", "#eee"], ["#fff", "#fff"]]) {
  result.pictures.push(await opened(Buffer.from((await picture(paper, ink)).split(",")[1], "base64")));
}
result.pictures.push(await opened(Buffer.from("<svg onload=alert(1)>")));
await opened(Buffer.from((await picture("#fff", "#000")).split(",")[1], "base64"));

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

// Without motion a press moves the window by one place.
const still = await open(address);
await still.emulateMedia({ reducedMotion: "reduce" });
await still.click("#slide button");
result.still = [await still.textContent("#slide button"), await still.textContent("#inspect .phase")];

for (const scheme of ["light", "dark"]) {
  const phone = await open(address, 390, 844, scheme);
  await phone.waitForSelector("#inspect b");
  result.axe.push(...await inaccessible(phone));
  await phone.locator("#layers canvas >> nth=1").scrollIntoViewIfNeeded();
  result.foot = await phone.evaluate(() => Math.round(innerHeight - document.querySelector(".sticky").getBoundingClientRect().bottom));
  result.phoneWidth = await phone.evaluate(() => document.documentElement.scrollWidth);
}
// On paper, from the dark page.
const onPaper = await open(address, 1440, 900, "dark");
result.printed = await printed(onPaper);
result.faults = faults;
console.log(JSON.stringify(result));
await browser.close();
