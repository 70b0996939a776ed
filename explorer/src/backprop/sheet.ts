/** The workbook, live: the training sheet of the network follows the diagram, and the diagram it. */

import { Value } from "../engine/expression";
import { PRESETS, type Spec } from "../engine/network";
import { byId, field, h, inUpdates } from "../page/dom";
import { plain } from "../page/notation";
import { unpacked } from "../page/parts";
import { save } from "../page/save";
import type { Model } from "./model";
import sheets from "./sheets.json";
import type { Reply, Request } from "./worker";
import { address, withInputs } from "./xlsx";

interface Places {
  inputs: Record<string, number[]>;
  columns: string[];
  first: number[];
  updates: number;
}

const PLACES: Record<string, Places> = sheets;
const DIGITS = 1e-7; // what a cell shows, of a loss below 10

/** The preset with the same structure: only numbers differ. */
function presetLike(spec: Spec): string | null {
  const structure = (one: Spec): string => JSON.stringify([one.inputs.length, one.inputs[0]!.length, one.targets[0]!.length, one.loss,
    one.optimizer, one.l2 ?? 0, one.layers.map((layer) => [layer.weights.length, layer.activation, layer.biases.length, layer.train_biases])]);
  return PRESETS.find((one) => one.name in PLACES && structure(one) === structure(spec))?.name ?? null;
}

export class Workbook {
  readonly followsIteration = true;
  readonly element = h("div");
  private worker: Worker | null = null;
  private loaded = "";
  private name = "";
  private busy = false;
  private stale = false;
  private cells: HTMLTableCellElement[][] = [];
  private chosen: [row: number, column: number] = [0, 0];
  private scroll = h("div");
  private readonly bar = h("code", { class: "bar-of-formulas" });
  private readonly told = h("p", { class: "finding", role: "status" });
  private readonly fields = new Map<string, HTMLInputElement>();

  constructor(private readonly model: Model) {
    model.onChange(() => { if (this.element.isConnected) this.mark(); });
  }

  draw(): void {
    const name = presetLike(this.model.spec);
    if (name === null) {
      this.loaded = "";
      this.element.replaceChildren(h("p", {}, "The page holds the workbooks of the presets; their numbers can be changed. For this network, save the TOML in ",
        h("i", {}, "Build your own"), " and run ", h("code", {}, "gradsheet workbook network.toml -o network.xlsx"), "."));
      return;
    }
    if (name !== this.loaded) void this.load(name).catch((error: unknown) => this.fail(error));
    else this.follow();
  }

  private get places(): Places {
    return PLACES[this.name]!;
  }

  /** The page's number for each input cell: row, column, number. */
  private get inputs(): [number, number, number][] {
    const numbers = new Map([...this.model.network.given].map(([value, number]) => [value.name, number]));
    numbers.set("η", this.model.rate);
    return Object.entries(this.places.inputs).flatMap(([name, [row, column]]) =>
      numbers.has(name) ? [[row!, column!, numbers.get(name)!]] : []);
  }

  private async load(name: string): Promise<void> {
    this.loaded = this.name = name;
    this.lay();
    this.told.textContent = "Opening the workbook …";
    this.worker ??= await this.start();
    const workbook = await unpacked(`${name}.icalc`);
    if (name !== this.name) return;
    this.send({ workbook });
    this.busy = false;
    this.follow();
  }

  private async start(): Promise<Worker> {
    const script = new Blob([byId("worker").textContent ?? ""], { type: "text/javascript" });
    const at = URL.createObjectURL(script);
    const worker = new Worker(at);
    URL.revokeObjectURL(at);
    worker.onmessage = (event: MessageEvent<Reply>) => this.hear(event.data);
    worker.onerror = (event) => this.fail(event.message);
    worker.postMessage({ wasm: await unpacked("ironcalc.wasm") });
    return worker;
  }

  private send(request: Request): void {
    this.worker!.postMessage(request);
  }

  private fail(error: unknown): void {
    this.told.textContent = `The workbook cannot be opened here: ${String(error)}.`;
  }

  // --- From the diagram to the sheet -------------------------------------------------------------

  /** Type the page's numbers in; while the engine is at work, the last numbers wait. */
  private follow(): void {
    this.stale = this.busy || !this.worker;
    if (this.stale) return;
    this.busy = true;
    const [row, column] = this.places.first as [number, number];
    this.send({ inputs: this.inputs, table: { row, column, rows: this.places.updates + 1, columns: this.places.columns.length } });
    for (const [name, input] of this.fields) {
      const number = name === "η" ? this.model.rate : this.model.network.given.get(this.value(name)!);
      if (document.activeElement !== input) input.value = String(number ?? "");
    }
  }

  private hear(reply: Reply): void {
    if ("formula" in reply) {
      const [row, column] = this.chosen;
      this.bar.textContent = `${address(this.places.first[0]! + row, this.places.first[1]! + column)}   ${reply.formula}`;
      return;
    }
    this.busy = false;
    if (this.stale) { this.follow(); return; }
    if (reply.cells.length !== this.cells.length) return;
    reply.cells.forEach((row, k) => row.forEach((text, n) => { this.cells[k]![n]!.textContent = text.replace("-", "−"); }));
    this.mark();
    this.told.textContent = this.compared(reply.cells, reply.milliseconds);
  }

  /** Whether the sheet's losses are the diagram's. */
  private compared(cells: string[][], milliseconds: number): string {
    const loss = this.places.columns.indexOf(this.model.network.loss.name);
    const losses = this.model.trainer.losses(this.model.rate, this.places.updates);
    const differs = cells.findIndex((row, k) => {
      const [found, due] = [Number(row[loss]), losses[k]!];
      return Number.isFinite(due) ? !(Math.abs(found - due) <= DIGITS * Math.max(1, Math.abs(due))) : Number.isFinite(found);
    });
    const time = `Recalculated in ${Math.round(milliseconds)} ms.`;
    return differs < 0 ? `${time} Sheet and diagram agree in every loss, to the last digit that a cell shows.`
      : `${time} After ${inUpdates(differs)} the sheet shows the loss ${cells[differs]![loss]}, the diagram ${losses[differs]}.`;
  }

  /** Mark the row of the iteration and the cell of the step on show. */
  private mark(): void {
    const { iteration, current } = this.model;
    const at = this.places.columns.indexOf(current.value.name);
    if (iteration < this.cells.length && at >= 0) this.chosen = [iteration, at];
    const [row, column] = this.chosen;
    const within = this.cells.flat().includes(document.activeElement as HTMLTableCellElement);
    this.cells.forEach((cells, k) => cells.forEach((cell, n) => {
      cell.classList.toggle("now", k === iteration);
      cell.classList.toggle("here", k === iteration && n === at);
      cell.tabIndex = k === row && n === column ? 0 : -1; // Tab comes to one cell, the arrows to all
    }));
    const cell = this.cells[row]?.[column];
    if (within) cell?.focus(); // and into view
    else if (cell) this.bring(cell);
    if (this.worker) this.send({ formula: [this.places.first[0]! + row, this.places.first[1]! + column] });
  }

  /** Scroll the table sideways to a cell; the page stays where it is. */
  private bring(cell: HTMLTableCellElement): void {
    const [left, right] = [cell.offsetLeft - (cell.parentElement!.firstElementChild as HTMLElement).offsetWidth, cell.offsetLeft + cell.offsetWidth];
    if (left < this.scroll.scrollLeft) this.scroll.scrollLeft = left;
    else if (right > this.scroll.scrollLeft + this.scroll.clientWidth) this.scroll.scrollLeft = right - this.scroll.clientWidth;
  }

  // --- From the sheet to the diagram -------------------------------------------------------------

  private value(name: string): Value | undefined {
    return [...this.model.network.given.keys(), ...this.model.values.keys()].find((one) => one.name === name);
  }

  private choose(row: number, column: number): void {
    this.chosen = [row, column];
    const step = this.model.steps.findIndex((one) => one.value.name === this.places.columns[column]);
    if (row !== this.model.iteration) this.model.goToIteration(row);
    if (step >= 0) this.model.goToStep(step);
    else this.mark();
    const [first, left] = this.places.first as [number, number];
    this.send({ formula: [first + row, left + column] });
  }

  private typed(name: string, input: HTMLInputElement): void {
    const number = input.valueAsNumber;
    const value = this.value(name);
    if (!Number.isFinite(number) || (name === "η" && number <= 0)) input.value = String(name === "η" ? this.model.rate : this.model.network.given.get(value!));
    else if (name === "η") this.model.setRate(number);
    else if (value) this.model.edit(value, number);
  }

  private lay(): void {
    const { columns, updates, inputs } = this.places;
    const heads = columns.map((name) => plain(this.value(name)?.markup ?? name));
    this.cells = Array.from({ length: updates + 1 }, (_, row) => columns.map((_, column) =>
      h("td", { onclick: () => this.choose(row, column) })));
    this.fields.clear();
    const typed = Object.keys(inputs).map((name) => {
      const input = h("input", { type: "number", step: "any" });
      input.addEventListener("change", () => this.typed(name, input));
      this.fields.set(name, input);
      return field(name === "η" ? "learning rate η" : plain(this.value(name)?.markup ?? name), input);
    });
    this.chosen = [0, 0];
    this.cells[0]![0]!.tabIndex = 0;
    this.scroll = h("div", { class: "scroll" },
      h("table", { class: "sheet", role: "grid", "aria-label": "Training sheet", "aria-readonly": true },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "update"), ...heads.map((one) => h("th", { scope: "col" }, one)))),
        h("tbody", {}, ...this.cells.map((row, k) => h("tr", {}, h("th", { scope: "row" }, String(k)), ...row)))));
    this.scroll.addEventListener("keydown", (event) => {
      const move = ({ ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] } as Record<string, [number, number]>)[event.key];
      if (!move) return;
      event.preventDefault();
      event.stopPropagation();
      const row = Math.min(Math.max(this.chosen[0] + move[0], 0), updates);
      this.choose(row, Math.min(Math.max(this.chosen[1] + move[1], 0), columns.length - 1));
    });
    this.element.replaceChildren(
      h("p", {}, "The first 20 updates as the workbook computes them, by its own formulas. Change a number here or on the drawing: both follow. Choose a cell, with the arrow keys too: the diagram goes there."),
      h("details", { open: typed.length <= 30 }, h("summary", {}, "The cells to type in, of the sheet Inputs"), h("div", { class: "controls inputs" }, ...typed)),
      h("p", {}, this.bar), this.scroll, this.told,
      h("div", { class: "controls" }, h("button", { onclick: () => void this.saved().catch((error: unknown) => this.fail(error)) },
        "Save this workbook (.xlsx)"), h("span", { class: "meaning" }, "With these numbers; your spreadsheet program recalculates it.")));
  }

  private async saved(): Promise<void> {
    const made = await withInputs(await unpacked(`${this.name}.xlsx`), this.inputs);
    save(`${this.name}.xlsx`, made, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
  }
}
