/** The network as a drawing whose numbers can be edited and whose current step is marked. */

import { Value } from "../engine/expression";
import type { Network } from "../engine/network";
import { h, renew, show, svg } from "../page/dom";
import { plain } from "../page/notation";
import type { Model } from "./model";

const WIDTH = 860;
/** Distance of units, and their radius; of many lines without numbers, and of few with them. */
const [DENSE, SPARSE] = [{ row: 54, radius: 14 }, { row: 104, radius: 25 }];
/** Where labels have no room at first, the units move apart by such a factor. */
const STRETCHES = [1, 1.3];
/** With more edges there is no room for numbers: width and color show them, and a field changes them. */
export const MOST_LABELED = 60;

interface Node {
  x: number;
  y: number;
  /** Of a unit its sum, then its activation; of an input itself. */
  values: Value[];
  layer: number;
}

interface Edge {
  weight: Value;
  start: Node;
  end: Node;
  order: number;
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
  /** What stands for a value; for a weight its line and its label, for a shared bias several. */
  private parts = new Map<string, SVGElement[]>();
  private taken: Box[] = [];
  private row = SPARSE.row;
  private radius = SPARSE.radius;
  /** How many labels have found no place that was free. */
  private crowded = 0;
  private labels: [SVGTextElement, () => string][] = [];
  /** What a screen reader says of a unit. */
  private spoken: [SVGElement, () => string][] = [];
  /** Labels to type in, by the name of what they show. */
  private editables = new Map<string, SVGElement>();

  constructor(
    private readonly model: Model,
    private readonly explain: (value: Value) => void,
    private readonly choose: (weight: Value) => void,
  ) {}

  /** Draw the network anew. */
  draw(): void {
    const { row, radius } = edgesOf(this.model.network) <= MOST_LABELED ? SPARSE : DENSE;
    this.radius = radius;
    for (const stretch of STRETCHES) {
      this.row = row * stretch;
      this.arrange();
      if (!this.crowded) break;
    }
    this.update();
  }

  private arrange(): void {
    const { network, example } = this.model;
    const { row: ROW, radius: RADIUS } = this;
    this.crowded = 0;
    this.parts = new Map();
    this.labels = [];
    this.spoken = [];
    this.editables = new Map();
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
      x: 70 + layer * gap, y: spread(k, column.length + (biased[layer] ? 1 : 0), height, ROW), values, layer,
    })));
    this.element.setAttribute("viewBox", `0 0 ${WIDTH} ${height}`);
    this.element.setAttribute("aria-label", this.words());
    const isLabeled = edgesOf(network) <= MOST_LABELED;
    const lines: SVGElement[] = [];
    const others = nodes.map((): SVGElement[] => []); // layer by layer, as the Tab key goes
    for (const { x, y } of nodes.flat()) {
      this.taken.push({ x, y: y + 5, width: 2 * RADIUS, height: 2 * RADIUS },
        { x, y: y - RADIUS - 7, width: 112, height: 16 });
    }
    for (const node of nodes.flat()) others[node.layer]!.push(...this.node(node, nodes.length - 1));
    const edges = network.weights.flatMap((rows, layer) => rows.flatMap((row, unit) => row.map((weight, from): Edge =>
      ({ weight, start: nodes[layer]![from]!, end: nodes[layer + 1]![unit]!, order: from }))));
    const places = new Map(isLabeled ? this.places(edges) : []);
    for (const { weight, start, end } of edges) {
      lines.push(this.line(weight, start, end, isLabeled));
      if (isLabeled) others[start.layer]!.push(this.edgeLabel(weight, places.get(weight)!));
    }
    network.biases.forEach((biases, layer) => {
      if (!biases.length) return;
      const count = columns[layer]!.length + 1;
      const at: Node = {
        x: nodes[layer]![0]!.x + gap * 0.3, y: spread(count - 1, count, height, ROW) + 14, values: [], layer,
      };
      nodes[layer + 1]!.forEach((node, unit) => {
        const bias = biases[biases.length > 1 ? unit : 0]!;
        lines.push(this.line(bias, at, node, isLabeled));
        if (isLabeled && (biases.length > 1 || unit === 0)) others[layer]!.push(this.edgeLabel(bias, this.room(at, node.x - at.x, node.y - at.y, 5)));
      });
      others[layer]!.push(svg("g", { class: "bias node" },
        svg("circle", { cx: at.x, cy: at.y, r: 13 }), this.text(at.x, at.y + 5, "1", "name"),
      ));
    });
    this.element.classList.toggle("dense", !isLabeled);
    renew(this.element, ...lines, ...others.flat());
  }

  /** New numbers, the same network. */
  update(): void {
    for (const [label, text] of this.labels) {
      label.textContent = text();
      const { meaning } = label.dataset;
      if (meaning) label.setAttribute("aria-label", `${label.textContent}, ${meaning}; change it`);
    }
    for (const [part, text] of this.spoken) part.setAttribute("aria-label", text());
    this.weigh();
    this.mark();
  }

  /** Where no numbers are: lines as wide as their weights are large, in the color of the sign. */
  private weigh(): void {
    const { network, values } = this.model;
    if (edgesOf(network) <= MOST_LABELED) return;
    const weights = [...network.weights.flat(2), ...network.biases.flat()];
    const most = Math.max(...weights.map((weight) => Math.abs(values.get(weight)!)));
    for (const weight of weights) {
      const value = values.get(weight)!;
      const share = most > 0 && Number.isFinite(value / most) ? Math.abs(value) / most : 0;
      for (const line of this.parts.get(weight.name)!) {
        line.setAttribute("style", `stroke-width: ${(0.4 + 3.6 * share).toFixed(2)}`);
        line.classList.toggle("negative", value < 0);
      }
    }
  }

  private words(): string {
    const sizes = [this.model.spec.inputs[0]!.length, ...this.model.spec.layers.map((l) => l.weights.length)];
    return `Network with ${sizes.join(", ")} units from the inputs to the outputs`;
  }

  private add(value: Value, part: SVGElement): void {
    const known = this.parts.get(value.name);
    if (known) known.push(part);
    else this.parts.set(value.name, [part]);
  }

  private line(weight: Value, from: Node, to: Node, isLabeled: boolean): SVGElement {
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const length = Math.hypot(dx, dy);
    const [start, end] = [(from.values.length ? this.radius : 13) / length, 1 - this.radius / length];
    const line = svg("line", {
      class: isLabeled ? "edge" : "edge weighed", x1: from.x + dx * start, y1: from.y + dy * start, x2: from.x + dx * end, y2: from.y + dy * end,
    });
    this.add(weight, line);
    if (!isLabeled) {
      const title = svg("title");
      this.labels.push([title as unknown as SVGTextElement, () => this.equals(weight)]);
      line.append(title);
      line.addEventListener("click", () => this.choose(weight));
    }
    return line;
  }

  /** Where the labels stand; those of level lines, which have the least choice, come first. */
  private places(edges: Edge[]): [Value, [number, number]][] {
    const steep = ({ start, end }: Edge): number => Math.abs(end.y - start.y);
    return [...edges].sort((a, b) => steep(a) - steep(b)).map(({ weight, start, end, order }) =>
      [weight, this.room(start, end.x - start.x, end.y - start.y, order)]);
  }

  private edgeLabel(weight: Value, [x, y]: [number, number]): SVGElement {
    const label = this.text(x, y, "", "weight");
    this.labels.push([label, () => this.equals(weight, 3)]);
    this.editable(label, weight);
    this.add(weight, label);
    return label;
  }

  private equals(value: Value, digits = 4): string {
    return `${plain(value.markup)} = ${show(this.model.values.get(value), digits)}`;
  }

  /** Where on its edge a label overlaps no other label, number or unit. */
  private room(from: Node, dx: number, dy: number, order: number): [number, number] {
    const first = 0.24 + 0.13 * (order % 4);
    const tries = Array.from({ length: 49 }, (_, k) => 0.14 + 0.015 * k);
    tries.sort((a, b) => Math.abs(a - first) - Math.abs(b - first));
    const boxes = tries.map((along): Box => {
      const [x, y] = [from.x + dx * along, from.y + dy * along - 5];
      return { x, y, width: 7 * LABEL, height: 16 };
    });
    let free = boxes.find((box) => !this.taken.some((other) => overlap(box, other)));
    if (!free) {
      this.crowded++;
      free = boxes[0]!;
    }
    this.taken.push(free);
    return [free.x, free.y];
  }

  private node(node: Node, last: number): SVGElement[] {
    const value = node.values[0]!;
    const kind = node.layer === 0 ? "input" : node.layer === last ? "output" : "hidden";
    const name = plain(value.markup).replace(/[⁽].*[⁾]/, "");
    const shown = node.values.at(-1)!;
    const group = svg("g", { class: `node ${kind}`, tabindex: 0, role: "button" },
    svg("circle", { cx: node.x, cy: node.y, r: this.radius }), this.text(node.x, node.y + 5, name, "name"));
    this.spoken.push([group, () => `${name}, ${shown.meaning}: ${show(this.model.values.get(shown))}; why this number?`]);
    pressed(group, () => this.explain(shown));
    for (const one of node.values) this.add(one, group);
    const label = this.text(node.x, node.y - this.radius - 7, "", "value");
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
    const [x, y] = [node.x + this.radius + 8, node.y];
    const first = this.text(x, y - 3, "", "value start");
    const second = this.text(x, y + 15, "", "value start");
    this.labels.push([first, () => this.equals(target)], [second, () => this.equals(error, 3)]);
    this.editable(first, target);
    this.add(target, first);
    this.add(error, second);
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
    this.editables.set(value.name, label);
    pressed(label, () => this.edit(label, value));
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
      if (event.key !== "Enter" && event.key !== "Escape") return;
      finish(event.key === "Enter");
      this.editables.get(value.name)?.focus({ preventScroll: true }); // drawn anew
    });
    input.addEventListener("blur", () => finish(true));
    stage.append(input);
    input.select();
  }

  /** Mark what the current step is about, and what it is computed from. */
  private mark(): void {
    for (const part of [...this.parts.values()].flat()) part.classList.remove("current", "source", "backward");
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
    for (const part of this.parts.get(value.name) ?? []) {
      part.classList.add(name);
      if (back) part.classList.add("backward");
    }
  }
}

/** By mouse, or by keys as a button. */
function pressed(part: SVGElement, action: () => void): void {
  part.addEventListener("click", action);
  part.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    action();
  });
}

/** The number of lines between units; those of biases are not counted. */
export function edgesOf(network: Network): number {
  return network.weights.flat(2).length;
}

function spread(k: number, count: number, height: number, row: number): number {
  return height / 2 + (k - (count - 1) / 2) * row + 12;
}
