/** What each unit is for every pair of inputs, large for one of them, with the examples on it. */

import { Program, type Value } from "../engine/expression";
import { h, inUpdates, renew, show } from "../page/dom";
import { plain } from "../page/notation";
import type { Model } from "./model";
import type { Player } from "./player";
import { heldOutCurves, toyForm } from "./toys";

const [SIZE, CELLS, SMALL] = [360, 60, 96];
const SHADES = 256;
const SCALE = Array.from({ length: SHADES }, (_, k) => mixed(k / (SHADES - 1)));
const MOST_TOLD = 12; // examples whose targets are written beside them

export class Surface {
  readonly followsIteration = true;
  readonly element = h("div");
  /** The name of the unit that is drawn large. */
  private chosen = "";

  private readonly controls = h("div");
  private readonly told = h("p", { class: "finding" });
  private readonly out = h("div", { class: "surfaces" });
  private drawnFor: unknown = null;

  constructor(private readonly model: Model, player: Player) {
    this.element.append(h("div", { class: "controls" }, this.controls, player.button("update")), this.out, this.told);
  }

  draw(): void {
    const { network, spec, toy } = this.model;
    if (this.drawnFor !== spec) renew(this.controls, toyForm(this.model));
    this.drawnFor = spec;
    const example = network.examples[0]!;
    if (example.inputs.length !== 2) {
      this.out.replaceChildren();
      this.told.textContent = `A surface needs two inputs; this network has ${example.inputs.length}. Choose examples above for one that has.`;
      return;
    }
    const units = example.layers.flatMap((layer) => layer.activations);
    const unit = units.find((one) => one.name === this.chosen) ?? example.layers.at(-1)!.activations[0]!;
    const [low, high] = range(this.model.spec.inputs);
    const grids = this.grids(units, low, high);
    const small = units.map((one) => h("button", {
      class: "unit", "aria-pressed": String(one === unit), onclick: () => { this.chosen = one.name; this.draw(); },
    }, painted(grids.get(one)!, SMALL), plain(unmarked(one))));
    const grid = grids.get(unit)!;
    const canvas = painted(grid, SIZE);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${plain(unmarked(unit))} for every pair of inputs`);
    const outputs = example.layers.at(-1)!.activations;
    this.drawExamples(canvas, low, high, outputs.indexOf(unit));
    renew(this.out, canvas, h("div", { class: "beside" }, toy && heldOutCurves(this.model),
      h("div", { class: "units", role: "group", "aria-label": "Units" }, ...small)));
    this.told.textContent = this.sentence(plain(unmarked(unit)), grid, low, high);
  }

  /** Each unit's values, row by row from the bottom. */
  private grids(units: Value[], low: number, high: number): Map<Value, number[]> {
    const { network, state } = this.model;
    const example = network.examples[0]!;
    const program = new Program(units);
    const memory = program.memory();
    program.give(memory, network.given);
    program.give(memory, state);
    const at = (k: number): number => low + ((k + 0.5) / CELLS) * (high - low);
    const found = new Map(units.map((unit): [Value, number[]] => [unit, []]));
    const [x, y] = example.inputs.map((input) => program.slots.get(input)!) as [number, number];
    const grids = units.map((unit): [number[], number] => [found.get(unit)!, program.slots.get(unit)!]);
    for (let row = 0; row < CELLS; row++) {
      memory[y] = at(row);
      for (let column = 0; column < CELLS; column++) {
        memory[x] = at(column);
        program.run(memory);
        for (const [grid, slot] of grids) grid.push(memory[slot]!);
      }
    }
    return found;
  }

  /** The examples; of an output each in the color of its target, with it. */
  private drawExamples(canvas: HTMLCanvasElement, low: number, high: number, output: number): void {
    const { inputs, targets } = this.model.spec;
    const context = canvas.getContext("2d")!;
    const due = targets.map((row) => row[output] ?? 0);
    const [least, most] = [Math.min(...due), Math.max(...due)];
    inputs.forEach(([x, y], k) => {
      const [px, py] = [place(x!, low, high), SIZE - place(y!, low, high)];
      context.beginPath();
      context.arc(px, py, inputs.length > MOST_TOLD ? 4.5 : 7, 0, 7);
      context.fillStyle = output < 0 ? "#fff" : `rgb(${mixed(most > least ? (due[k]! - least) / (most - least) : 0.5).join(" ")})`;
      context.fill();
      context.lineWidth = inputs.length > MOST_TOLD ? 1.2 : 2;
      context.strokeStyle = "#111";
      context.stroke();
      if (output < 0 || inputs.length > MOST_TOLD) return;
      const right = px > SIZE - 90;
      context.fillStyle = "#111";
      context.font = "13px system-ui";
      context.textAlign = right ? "right" : "left";
      context.fillText(`target ${show(due[k], 2)}`, right ? px - 11 : px + 11, py - 6);
    });
  }

  private sentence(name: string, grid: number[], low: number, high: number): string {
    const [least, most] = [Math.min(...grid), Math.max(...grid)];
    if (!Number.isFinite(least) || !Number.isFinite(most)) {
      return "The training diverged: the values of the units overflowed. Rewind and choose a lower learning rate.";
    }
    return `${name} from ${show(least)} (blue) to ${show(most)} (orange), inputs from ${show(low, 3)} to ${show(high, 3)}, ` +
      `after ${inUpdates(this.model.iteration)}. Input 1 to the right, input 2 upwards. Choose another unit to see what it has learned.`;
  }
}

function painted(grid: number[], size: number): HTMLCanvasElement {
  const canvas = h("canvas", { width: size, height: size });
  const small = h("canvas", { width: CELLS, height: CELLS });
  const pixels = new ImageData(CELLS, CELLS);
  const [least, most] = [Math.min(...grid), Math.max(...grid)];
  const { data } = pixels;
  data.fill(255);
  const steps = most > least ? (SHADES - 1) / (most - least) : 0;
  for (let row = 0, k = 0; row < CELLS; row++) {
    let to = 4 * CELLS * (CELLS - 1 - row); // the first row is the lowest
    for (let column = 0; column < CELLS; column++, k++, to += 4) {
      const shade = SCALE[steps ? Math.round((grid[k]! - least) * steps) : SHADES >> 1]!;
      [data[to], data[to + 1], data[to + 2]] = shade as [number, number, number];
    }
  }
  small.getContext("2d")!.putImageData(pixels, 0, 0);
  canvas.getContext("2d")!.drawImage(small, 0, 0, size, size);
  return canvas;
}

/** A unit's notation without the mark of its example. */
function unmarked(unit: Value): string {
  return unit.markup.replace(/\^\{\(\d+\)\}/, "");
}

/** Red, green and blue: from blue through white, in the middle, to orange. */
function mixed(share: number): number[] {
  const end = share < 0.5 ? [52, 116, 204] : [232, 118, 28];
  const size = Math.abs(2 * share - 1);
  return end.map((one) => Math.round(255 + (one - 255) * size));
}

function range(rows: number[][]): [number, number] {
  const all = rows.flat();
  const [low, high] = [Math.min(...all, 0), Math.max(...all, 1)];
  const margin = 0.25 * (high - low);
  return [low - margin, high + margin];
}

function place(value: number, low: number, high: number): number {
  return (SIZE * (value - low)) / (high - low);
}
