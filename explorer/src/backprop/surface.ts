/** What the first output is for every pair of inputs, with the examples on it. */

import { Program } from "../engine/expression";
import { h, show } from "../page/dom";
import type { Model } from "./model";

const [SIZE, CELLS] = [360, 60];

export class Surface {
  readonly element = h("div");

  constructor(private readonly model: Model) {}

  draw(): void {
    const { network, spec, state } = this.model;
    const example = network.examples[0]!;
    if (example.inputs.length !== 2) {
      this.element.replaceChildren(h("p", {},
        `A surface needs two inputs; this network has ${example.inputs.length}.`));
      return;
    }
    const output = example.layers.at(-1)!.activations[0]!;
    const program = new Program([output]);
    const memory = program.memory();
    program.give(memory, network.given);
    program.give(memory, state);
    const [low, high] = range(spec.inputs);
    const canvas = h("canvas", { width: SIZE, height: SIZE, role: "img",
      "aria-label": "The first output for every pair of inputs" });
    const context = canvas.getContext("2d")!;
    const at = (k: number, count = CELLS): number => low + ((k + 0.5) / count) * (high - low);
    const side = SIZE / CELLS;
    const grid: number[] = [];
    for (let row = 0; row < CELLS; row++) {
      for (let column = 0; column < CELLS; column++) {
        program.give(memory, new Map([[example.inputs[0]!, at(column)], [example.inputs[1]!, at(row)]]));
        program.run(memory);
        grid.push(memory[program.slots.get(output)!]!);
      }
    }
    const [least, most] = [Math.min(...grid), Math.max(...grid)];
    grid.forEach((value, k) => {
      const share = most > least ? (value - least) / (most - least) : 0.5;
      context.fillStyle = color(share);
      context.fillRect((k % CELLS) * side, SIZE - (Math.floor(k / CELLS) + 1) * side, side + 1, side + 1);
    });
    spec.inputs.forEach(([x, y], k) => {
      const [px, py] = [place(x!, low, high), SIZE - place(y!, low, high)];
      context.beginPath();
      context.arc(px, py, 7, 0, 7);
      context.fillStyle = "#fff";
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = "#111";
      context.stroke();
      context.fillStyle = "#111";
      context.font = "13px system-ui";
      context.fillText(`target ${show(spec.targets[k]![0]!, 2)}`, Math.min(px + 11, SIZE - 70), py - 6);
    });
    this.element.replaceChildren(canvas, h("p", { class: "finding" },
      `Output 1 from ${show(least)} (blue) to ${show(most)} (orange), inputs from ${show(low, 3)} ` +
      `to ${show(high, 3)}, after ${this.model.iteration} updates. Input 1 to the right, input 2 upwards.`));
  }
}

/** From blue through white, in the middle, to orange. */
function color(share: number): string {
  const end = share < 0.5 ? [52, 116, 204] : [232, 118, 28];
  const size = Math.abs(2 * share - 1);
  return `rgb(${end.map((one) => Math.round(255 + (one - 255) * size)).join(" ")})`;
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
