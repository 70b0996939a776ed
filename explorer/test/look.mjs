// Screenshots of every part of a page: node test/look.mjs PAGE FOLDER
import { chromium } from "playwright-core";
const [page, folder] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
const errors = [];
async function open(width, height, hash = "") {
  const tab = await browser.newPage({ viewport: { width, height } });
  tab.on("console", (m) => { if (m.type() === "error") errors.push(m.text()); });
  tab.on("pageerror", (e) => errors.push(String(e)));
  tab.on("request", (r) => { if (!/^(file|data|blob):/.test(r.url())) errors.push("request " + r.url()); });
  await tab.goto(`file://${page}${hash}`);
  return tab;
}
const desk = await open(1440, 1000);
for (let k = 0; k < 20; k++) await desk.keyboard.press("ArrowRight");
await desk.click("text=Why this number?");
await desk.screenshot({ path: `${folder}/step20.png`, fullPage: true });
await desk.selectOption("#preset select", "xor");
for (const name of ["surface", "check", "mistake", "quiz", "build"]) {
  await desk.click(`#tab-${name}`);
  await desk.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}
await desk.selectOption("#preset select", "iris-mini");
await desk.click("#scheme");
await desk.click("#tab-curves");
await desk.screenshot({ path: `${folder}/iris-dark.png`, fullPage: true });
const phone = await open(390, 844);
await phone.screenshot({ path: `${folder}/phone.png`, fullPage: true });
console.log("wide", await phone.evaluate(() => document.documentElement.scrollWidth));
console.log(errors.join("\n") || "no errors");
await browser.close();
