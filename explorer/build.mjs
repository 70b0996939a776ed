// Bundles each page into one HTML file with nothing outside it: node build.mjs FOLDER
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const folder = process.argv[2];

/** One file of what an entry point imports, fit to stand inside a script element. */
async function bundle(entry) {
  const made = await build({
    entryPoints: [entry], bundle: true, minify: true, write: false, format: "iife",
    target: "es2022", charset: "utf8", legalComments: "eof", external: ["node:*", "ws"],
    logOverride: { "empty-import-meta": "silent" },
  });
  return made.outputFiles[0].text.replaceAll("</script", "<\\/script");
}

for (const page of ["backprop", "digits", "audit"]) {
  const style = await build({
    entryPoints: ["src/page/style.css"], minify: true, write: false, charset: "utf8",
  });
  const script = await bundle(`src/${page}/main.ts`);
  const worker = `src/${page}/worker.ts`;
  const beside = existsSync(worker) ? await bundle(worker) : "";
  const html = readFileSync(`src/${page}/page.html`, "utf8")
    .replace("/*STYLE*/", () => style.outputFiles[0].text)
    .replace("/*WORKER*/", () => beside)
    .replace("/*SCRIPT*/", () => script);
  writeFileSync(`${folder}/${page}.html`, html);
}
