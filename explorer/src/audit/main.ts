/** The page: workbooks go in, findings come out, and nothing goes anywhere else. */

import { byId, h } from "../page/dom";
import { save } from "../page/save";
import { followScheme } from "../page/scheme";
import { Desk } from "./desk";
import type { Workbook } from "./messages";
import { workbook } from "./results";

const MOST_BYTES = 50_000_000;
const MOST_FILES = 500;
const LIMIT = 600; // seconds per file
const STAGES = ["Unpacking Python", "Starting Python", "Loading the audit"];

const status = byId("status");
const bar = h("progress", { "aria-label": "Progress" });
const stop = h("button", { onclick: () => {
  desk.end("stopped");
  input.focus(); // the button goes away
} }, "Stop");
const progress = byId("progress");

let stage = "";
let asked = 0;
let done = 0;
let current = "";

const desk = new Desk((what) => {
  stage = what;
  tell();
}, LIMIT);

/** What is going on, in a sentence and a bar. */
function tell(): void {
  const busy = done < asked;
  progress.replaceChildren(...(stage || busy ? [bar, ...(busy && !stage ? [stop] : [])] : []));
  bar.max = stage ? STAGES.length + 1 : asked;
  bar.value = stage ? STAGES.indexOf(stage) + 1 : done;
  const of = asked > 1 ? ` (${done + 1} of ${asked})` : "";
  status.textContent = stage ? `${stage} …` : busy ? `Checking ${current}${of} …` : done ? "Done." : "Ready.";
}

// --- Results -------------------------------------------------------------------------------------

const results = byId("results");
const kept: string[] = [];
const counts = { right: 0, wrong: 0, others: 0 };

function tally(): string {
  const { right, wrong, others } = counts;
  const parts = [right && `${right} right`, wrong && `${wrong} with mistakes`, others && `${others} not checked in full`];
  const files = right + wrong + others;
  return `${files} ${files === 1 ? "file" : "files"}: ${parts.filter(Boolean).join(", ")}.`;
}

function show(found: Workbook, file: File | null): void {
  counts[found.outcome === "right" || found.outcome === "wrong" ? found.outcome : "others"]++;
  results.append(workbook(found, file && found.tables.length ? copyButton(file) : null));
  byId("summary").hidden = false;
  byId("tally").textContent = tally();
}

/** What could not be audited at all, in one sentence. */
function refuse(name: string, why: string): void {
  show({ name, verdict: `not audited: ${why}`, outcome: "unreadable", tables: [], rest: [] }, null);
}

function copyButton(file: File): HTMLElement {
  const told = h("span", { role: "status" });
  const button = h("button", { onclick: () => void copy() }, "Save an annotated copy");
  const copy = async (): Promise<void> => {
    button.disabled = true;
    told.textContent = "Writing the copy …";
    try {
      const { written, why } = await desk.ask({ ask: "annotated", name: file.name, content: await file.arrayBuffer() });
      for (const one of written) save(one.name, one.content, "application/octet-stream");
      told.textContent = [...written.map((one) => `Saved ${one.name}: notes and colors at every finding.`), ...why].join(" ");
    } catch (error) {
      told.textContent = `No copy: ${(error as Error).message}.`;
    }
    button.disabled = false;
  };
  return h("div", { class: "controls" }, button, told);
}

byId("actions").append(
  h("button", { onclick: () => void report() }, "Save the report (HTML)"),
  h("button", { onclick: () => {
    results.replaceChildren();
    kept.length = 0;
    Object.assign(counts, { right: 0, wrong: 0, others: 0 });
    asked = done = 0;
    byId("summary").hidden = true;
    input.focus();
    tell();
  } }, "Clear"));

async function report(): Promise<void> {
  try {
    const { html } = await desk.ask({ ask: "report", results: kept });
    save("audit.html", html, "text/html");
  } catch (error) {
    status.textContent = `No report: ${(error as Error).message}.`;
  }
}

// --- Files ---------------------------------------------------------------------------------------

const queue: File[] = [];
let working = false;

function take(files: Iterable<File>): void {
  const given = [...files];
  for (const file of given.slice(0, MOST_FILES)) queue.push(file);
  asked += Math.min(given.length, MOST_FILES);
  if (given.length > MOST_FILES) refuse(`${given.length} files`, `the page takes ${MOST_FILES} at a time; the rest was left out`);
  void work();
}

async function work(): Promise<void> {
  if (working) return;
  working = true;
  for (let file = queue.shift(); file; file = queue.shift()) {
    current = file.name;
    tell();
    await check(file);
    done = Math.min(done + 1, asked);
    tell();
  }
  working = false;
}

async function check(file: File): Promise<void> {
  if (file.size > MOST_BYTES) {
    refuse(file.name, `it is ${Math.round(file.size / 1e6)} MB, and this page takes files of up to ${MOST_BYTES / 1e6} MB; ` +
      "try gradsheet audit on the command line");
    return;
  }
  try {
    const found = await desk.ask({ ask: "audit", name: file.name, content: await file.arrayBuffer() });
    if (found.error) refuse(file.name, found.error);
    else kept.push(found.results);
    found.files.forEach((one, k) => show(one, k ? null : file));
  } catch (error) {
    refuse(file.name, (error as Error).message);
  }
}

const input = byId<HTMLInputElement>("files");
input.addEventListener("change", () => {
  take(input.files ?? []);
  input.value = "";
});

for (const kind of ["dragover", "drop"] as const) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    byId("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") take(event.dataTransfer?.files ?? []);
  });
}
document.addEventListener("dragleave", () => byId("drop").classList.remove("over"));

followScheme(byId("scheme"));
desk.start();
