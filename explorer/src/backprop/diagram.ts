/** The network as a drawing whose numbers can be edited and whose current step is marked. */

import { Value } from "../engine/expression";
import { h, show, svg } from "../page/dom";
import { plain } from "../page/notation";
import type { Model } from "./model";

const [WIDTH, ROW, RADIUS] = [860, 104, 25];
const MOST_LABELED = 60;

interface Node {
  x: number;
  y: number;
  /** Of a unit its sum, then its activation; of an input itself. */
  values: Value[];
  layer: number;
}

/** Characters of a weight's label, such as "w12 = −0.123". */
const LABEL = 11;

/** Around the middle of a text's baseline. */
interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

function overlap(a: Box, b: Box): boolean {
  return Math.abs(a.x - b.x) < (a.width + b.width) / 2 && Math.abs(a.y - b.y) < (a.height + b.height) / 2;
}

export class Diagram {
  readonly element = svg("svg", { class: "diagram", role: "group" });
  private parts = new Map<string, SVGElement>();
  private taken: Box[] = [];
  private labels: [SVGTextElement, () => string][] = [];

  constructor(
    private readonly model: Model,
    private readonly explain: (value: Value) => void,
  ) {}

  /** Draw the network anew. */
  draw(): void {
    const { network, example } = this.model;
    this.parts = new Map();
    this.labels = [];
    this.taken = [];
    const shown = network.examples[example]!;
    const columns: Value[][][] = [
      shown.inputs.map((value) => [value]),
      ...shown.layers.map((pass) => pass.sums.map((sum, k) => [sum, pass.activations[k]!])),
    ];
    const biased = network.biases.map((biases) => biases.length > 0);
    const tallest = Math.max(...columns.map((c, k) => c.length + (biased[k] ? 1 : 0)));
    const height = Math.max(260, tallest * ROW + 30);
    const gap = (WIDTH - 215) / (columns.length - 1);
    const nodes = columns.map((column, layer) => column.map((values, k): Node => ({
      x: 70 + layer * gap, y: spread(k, column.length + (biased[layer] ? 1 : 0), height), values, layer,
    })));
    this.element.setAttribute("viewBox", `0 0 ${WIDTH} ${height}`);
    this.element.setAttribute("aria-label", this.words());
    const edges = network.weights.reduce((sum, rows) => sum + rows.flat().length, 0);
    const drawn: SVGElement[] = [];
    for (const { x, y } of nodes.flat()) {
      this.taken.push({ x, y: y + 5, width: 2 * RADIUS, height: 2 * RADIUS },
        { x, y: y - RADIUS - 7, width: 90, height: 16 });
    }
    network.weights.forEach((rows, layer) => rows.forEach((row, unit) => {
      row.forEach((weight, from) => drawn.push(
        this.edge(weight, nodes[layer]![from]!, nodes[layer + 1]![unit]!, edges, from),
      ));
    }));
    network.biases.forEach((biases, layer) => {
      if (!biases.length) return;
      const count = columns[layer]!.length + 1;
      const at: Node = {
        x: nodes[layer]![0]!.x + gap * 0.3, y: spread(count - 1, count, height) + 14, values: [], layer,
      };
      nodes[layer + 1]!.forEach((node, unit) => {
        const bias = biases[biases.length > 1 ? unit : 0]!;
        drawn.push(this.edge(bias, at, node, edges + biases.length, 5, biases.length === 1 && unit > 0));
      });
      drawn.push(svg("g", { class: "bias node" },
        svg("circle", { cx: at.x, cy: at.y, r: 13 }), this.text(at.x, at.y + 5, "1", "name"),
      ));
    });
    for (const node of nodes.flat()) drawn.push(...this.node(node, nodes.length - 1));
    this.element.replaceChildren(...drawn);
    this.update();
  }

  /** New numbers, the same network. */
  update(): void {
    for (const [label, text] of this.labels) {
      label.textContent = text();
      const { meaning } = label.dataset;
      if (meaning) label.setAttribute("aria-label", `${label.textContent}, ${meaning}; change it`);
    }
    this.mark();
  }

  private words(): string {
    const sizes = [this.model.spec.inputs[0]!.length, ...this.model.spec.layers.map((l) => l.weights.length)];
    return `Network with ${sizes.join(", ")} units from the inputs to the outputs`;
  }

  private edge(
    weight: Value, from: Node, to: Node, edges: number, order: number, silent = false,
  ): SVGElement {
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const length = Math.hypot(dx, dy);
    const [start, end] = [(from.values.length ? RADIUS : 13) / length, 1 - RADIUS / length];
    const line = svg("line", {
      x1: from.x + dx * start, y1: from.y + dy * start, x2: from.x + dx * end, y2: from.y + dy * end,
    });
    const group = svg("g", { class: "edge" }, line);
    this.parts.set(`${weight.name}>${to.values[0]!.place.unit}`, group);
    if (edges <= MOST_LABELED && !silent) {
      const [x, y] = this.room(from, dx, dy, order);
      const label = this.text(x, y, "", "weight");
      this.labels.push([label, () => `${plain(weight.markup)} = ${show(this.model.values.get(weight), 3)}`]);
      this.editable(label, weight);
      group.append(label);
    } else {
      const title = svg("title");
      this.labels.push([title as unknown as SVGTextElement, () =>
        `${plain(weight.markup)} = ${show(this.model.values.get(weight))}`]);
      group.append(title);
      group.addEventListener("click", () => this.explain(weight));
    }
    return group;
  }

  /** Where on its edge a label overlaps no other label, number or unit. */
  private room(from: Node, dx: number, dy: number, order: number): [number, number] {
    const first = 0.24 + 0.13 * (order % 4);
    const tries = Array.from({ length: 27 }, (_, k) => 0.15 + 0.024 * k);
    tries.sort((a, b) => Math.abs(a - first) - Math.abs(b - first));
    const boxes = tries.map((along): Box => {
      const [x, y] = [from.x + dx * along, from.y + dy * along - 5];
      return { x, y, width: 7 * LABEL, height: 16 };
    });
    const free = boxes.find((box) => !this.taken.some((other) => overlap(box, other))) ?? boxes[0]!;
    this.taken.push(free);
    return [free.x, free.y];
  }

  private node(node: Node, last: number): SVGElement[] {
    const value = node.values[0]!;
    const kind = node.layer === 0 ? "input" : node.layer === last ? "output" : "hidden";
    const name = plain(value.markup).replace(/[⁽].*[⁾]/, "");
    const group = svg("g", { class: `node ${kind}`, tabindex: 0, role: "button",
      "aria-label": `${name}, ${value.meaning}: why this number?` },
    svg("circle", { cx: node.x, cy: node.y, r: RADIUS }), this.text(node.x, node.y + 5, name, "name"));
    const open = (): void => this.explain(node.values.at(-1)!);
    group.addEventListener("click", open);
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        open();
      }
    });
    for (const one of node.values) this.parts.set(one.name, group);
    const label = this.text(node.x, node.y - RADIUS - 7, "", "value");
    if (node.layer === 0) {
      this.labels.push([label, () => show(this.model.values.get(value))]);
      this.editable(label, value);
      return [group, label];
    }
    const [sum, activation] = node.values as [Value, Value];
    this.labels.push([label, () =>
      `${show(this.model.values.get(sum), 3)} → ${show(this.model.values.get(activation), 3)}`]);
    return [group, label, ...(node.layer === last ? this.target(node) : [])];
  }

  /** Beside an output: its target and its error. */
  private target(node: Node): SVGElement[] {
    const { network, example } = this.model;
    const unit = node.values[0]!.place.unit!;
    const shown = network.examples[example]!;
    const [target, error] = [shown.targets[unit]!, shown.errors[unit]!];
    const [x, y] = [node.x + RADIUS + 8, node.y];
    const first = this.text(x, y - 3, "", "value start");
    const second = this.text(x, y + 15, "", "value start");
    this.labels.push(
      [first, () => `${plain(target.markup)} = ${show(this.model.values.get(target))}`],
      [second, () => `${plain(error.markup)} = ${show(this.model.values.get(error), 3)}`],
    );
    this.editable(first, target);
    this.parts.set(target.name, first);
    this.parts.set(error.name, second);
    return [first, second];
  }

  private text(x: number, y: number, content: string, kind: string): SVGTextElement {
    return svg("text", { x, y, class: kind }, content);
  }

  /** Click a number, type another. */
  private editable(label: SVGTextElement, value: Value): void {
    label.classList.add("editable");
    label.setAttribute("tabindex", "0");
    label.setAttribute("role", "button");
    label.dataset.meaning = value.meaning;
    const open = (event: Event): void => {
      event.stopPropagation();
      this.edit(label, value);
    };
    label.addEventListener("click", open);
    label.addEventListener("keydown", (event) => {
      if (event.key === "Enter") open(event);
      event.stopPropagation();
    });
  }

  private edit(label: SVGTextElement, value: Value): void {
    const stage = this.element.parentElement!;
    const [box, around] = [label.getBoundingClientRect(), stage.getBoundingClientRect()];
    const number = this.model.network.given.get(value);
    const input = h("input", {
      class: "inplace", type: "number", step: "any", value: number,
      "aria-label": `${plain(value.markup)}, ${value.meaning}`,
      style: `left:${box.left - around.left}px;top:${box.top - around.top - 6}px`,
    });
    let done = false;
    const finish = (keep: boolean): void => {
      if (done) return;
      done = true;
      const typed = input.valueAsNumber;
      input.remove();
      if (keep && Number.isFinite(typed) && typed !== number) this.model.edit(value, typed);
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") finish(true);
      if (event.key === "Escape") finish(false);
    });
    input.addEventListener("blur", () => finish(true));
    stage.append(input);
    input.select();
  }

  /** Mark what the current step is about, and what it is computed from. */
  private mark(): void {
    for (const part of this.parts.values()) part.classList.remove("current", "source", "backward");
    const { phase, value } = this.model.current;
    const back = phase === "backward pass" || phase === "update";
    for (const one of [value, value.of, value.by]) if (one) this.light(one, "current", back);
    if (value.kind === "sum") {
      const { layer, unit } = value.place;
      for (const weight of this.model.network.weights[layer!]![unit!]!) this.light(weight, "source", false);
    }
    if (value.of?.kind === "sum" && value.by?.kind !== "weight") this.between(value.of, value.by!);
  }

  /** The edge between two units, of ∂o1/∂a_h1. */
  private between(above: Value, below: Value): void {
    const { layer, unit } = above.place;
    const from = below.place.unit;
    if (below.kind === "bias" || from === undefined) return;
    this.light(this.model.network.weights[layer!]![unit!]![from]!, "current", true);
  }

  private light(value: Value, name: string, back: boolean): void {
    const found = value.kind === "weight" || value.kind === "bias"
      ? [...this.parts].filter(([key]) => key.startsWith(`${value.name}>`)).map(([, part]) => part)
      : [this.parts.get(value.name)];
    for (const part of found) {
      part?.classList.add(name);
      if (back) part?.classList.add("backward");
    }
  }
}

function spread(k: number, count: number, height: number): number {
  return height / 2 + (k - (count - 1) / 2) * ROW + 12;
}
