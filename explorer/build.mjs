// Bundles each page into one HTML file with nothing outside it: node build.mjs FOLDER
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const folder = process.argv[2];
for (const page of ["backprop", "digits"]) {
  const bundle = await build({
    entryPoints: [`src/${page}/main.ts`], bundle: true, minify: true, write: false,
    format: "iife", target: "es2022", charset: "utf8", legalComments: "eof",
  });
  const style = await build({
    entryPoints: ["src/page/style.css"], minify: true, write: false, charset: "utf8",
  });
  const script = bundle.outputFiles[0].text.replaceAll("</script", "<\\/script");
  const html = readFileSync(`src/${page}/page.html`, "utf8")
    .replace("/*STYLE*/", () => style.outputFiles[0].text)
    .replace("/*SCRIPT*/", () => script);
  writeFileSync(`${folder}/${page}.html`, html);
}
