/** The Worker of the page: starts Python from the parts that the page holds, and runs the audit. */

import { loadPyodide, type PyodideAPI } from "pyodide";
import { info } from "pyodide/pyodide-lock.json";
import type { Answers, Reply, Request } from "./messages";

// pyodide.asm.mjs stands above this script.
declare const _createPyodideModule: unknown;

interface Room {
  audit(folder: string, name: string): string;
  annotated(folder: string, name: string): string;
  report(results: string[]): string;
}

/** What Pyodide would fetch is in the page. */
function serve(parts: Record<string, ArrayBuffer>): void {
  globalThis.fetch = (what) => {
    const name = String(what instanceof Request ? what.url : what).split("/").at(-1)!;
    const content = parts[name];
    if (!content) return Promise.reject(new Error(`the page holds no ${name}`));
    const type = name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
    return Promise.resolve(new Response(content, { headers: { "Content-Type": type } }));
  };
}

const tell = (reply: Reply): void => self.postMessage(reply);

let python: PyodideAPI;
let room: Room;
let count = 0;

async function start(parts: Record<string, ArrayBuffer>): Promise<void> {
  serve(parts);
  tell({ stage: "Starting Python" });
  const options = {
    indexURL: "file:///runtime/",
    packageBaseUrl: "file:///runtime/",
    createPyodideModule: _createPyodideModule,
    lockFileContents: { info, packages: {} },
  };
  python = await loadPyodide(options as unknown as Parameters<typeof loadPyodide>[0]);
  tell({ stage: "Loading the audit" });
  python.FS.writeFile("/gradsheet.zip", new Uint8Array(parts["gradsheet.zip"]!));
  python.runPython(`
import sys
sys.path.insert(0, "/gradsheet.zip")
from gradsheet.explorer import numpy_names
numpy_names.install()
from gradsheet.explorer import in_page`);
  room = python.globals.get("in_page") as Room;
  tell({ ready: true });
}

/** A file in a folder of its own; its name is only a name. */
function placed(name: string, content: ArrayBuffer): [string, string] {
  const folder = `/given/${count++}`;
  python.FS.mkdirTree(folder);
  const plain = name.replace(/[/\\]/g, "_");
  const file = ["", ".", ".."].includes(plain) ? "workbook" : plain;
  python.FS.writeFile(`${folder}/${file}`, new Uint8Array(content));
  return [folder, file];
}

function emptied(folder: string): void {
  for (const name of python.FS.readdir(folder) as string[]) {
    if (name !== "." && name !== "..") python.FS.unlink(`${folder}/${name}`);
  }
}

function answer(request: Request): Answers[keyof Answers] {
  if (request.ask === "report") return { html: room.report(request.results) };
  const [folder, name] = placed(request.name, request.content);
  try {
    if (request.ask === "audit") return JSON.parse(room.audit(folder, name)) as Answers["audit"];
    const { written, why } = JSON.parse(room.annotated(folder, name)) as { written: string[]; why: string[] };
    return { why, written: written.map((one) => ({ name: one, content: python.FS.readFile(`${folder}/${one}`) as Uint8Array<ArrayBuffer> })) };
  } finally {
    emptied(folder);
  }
}

self.onmessage = async (event: MessageEvent<{ parts: Record<string, ArrayBuffer> } | Request>) => {
  try {
    if ("parts" in event.data) await start(event.data.parts);
    else tell({ answer: answer(event.data) });
  } catch (error) {
    const lines = String(error instanceof Error ? error.message : error).trim().split("\n");
    tell({ failure: lines.at(lines[0]!.startsWith("Traceback") ? -1 : 0)! });
  }
};
