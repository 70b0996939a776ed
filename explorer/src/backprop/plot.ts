/** Curves as SVG: axes, lines, a logarithmic scale where asked for. */

import { h, show, svg } from "../page/dom";

export interface Curve {
  name: string;
  points: ArrayLike<number>;
  /** x of each point; its number if there is none. */
  xs?: ArrayLike<number>;
  className: string;
}

export interface Axes {
  x: string;
  y: string;
  log: boolean;
  logX?: boolean;
  /** Of curves that run away only what lies below is drawn. */
  most?: number;
}

const [LEFT, BOTTOM, TOP, RIGHT] = [80, 42, 12, 16];
const TICKS = 5;

export function plot(curves: Curve[], axes: Axes, label: string): SVGSVGElement {
  const [WIDTH, HEIGHT] = matchMedia("(max-width: 600px)").matches ? [400, 260] : [720, 340];
  const xOf = (curve: Curve, k: number): number => curve.xs?.[k] ?? k;
  const visible = (y: number): boolean =>
    Number.isFinite(y) && y <= (axes.most ?? Infinity) && (!axes.log || y > 0);
  const [xs, ys] = [[] as number[], [] as number[]];
  for (const curve of curves) {
    for (let k = 0; k < curve.points.length; k++) {
      const y = curve.points[k]!;
      if (visible(y)) { xs.push(xOf(curve, k)); ys.push(y); }
    }
  }
  const x = scale(xs, LEFT, WIDTH - RIGHT, axes.logX ?? false);
  const y = scale(axes.log ? ys : [0, ...ys], HEIGHT - BOTTOM, TOP, axes.log);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "plot", role: "img",
    "aria-label": label });
  for (const tick of y.ticks) {
    picture.append(
      svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y.at(tick), y2: y.at(tick) }),
      svg("text", { class: "tick end", x: LEFT - 7, y: y.at(tick) + 4 }, show(tick, 2)),
    );
  }
  for (const tick of x.ticks) {
    picture.append(
      svg("text", { class: "tick middle", x: x.at(tick), y: HEIGHT - BOTTOM + 18 }, show(tick, 3)),
    );
  }
  picture.append(
    svg("text", { class: "axis middle", x: (LEFT + WIDTH) / 2, y: HEIGHT - 5 }, axes.x),
    svg("text", { class: "axis middle", x: 0, y: 0,
      transform: `translate(14 ${(HEIGHT - BOTTOM) / 2}) rotate(-90)` }, axes.y),
  );
  for (const curve of curves) {
    let path = "";
    let drawing = false;
    for (let k = 0; k < curve.points.length; k++) {
      const value = curve.points[k]!;
      if (!visible(value)) { drawing = false; continue; }
      path += `${drawing ? "L" : "M"}${x.at(xOf(curve, k)).toFixed(1)} ${y.at(value).toFixed(1)}`;
      drawing = true;
    }
    picture.append(svg("path", { d: path, class: `curve ${curve.className}` },
      svg("title", {}, curve.name)));
  }
  return picture;
}

export function legend(curves: Curve[]): HTMLElement {
  return h("ul", { class: "legend" }, ...curves.map((curve) =>
    h("li", {}, h("span", { class: `swatch ${curve.className}` }), curve.name)));
}

function scale(values: number[], start: number, end: number, log: boolean) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (!(low <= high)) [low, high] = log ? [0.1, 1] : [0, 1];
  if (log && low < high * 1e-16) low = high * 1e-16;
  if (low === high) [low, high] = log ? [low / 2, high * 2] : [low - 0.5, high + 0.5];
  const form = log ? Math.log10 : (value: number): number => value;
  const [a, b] = [form(low), form(high)];
  return {
    at: (value: number): number => start + ((form(value) - a) / (b - a)) * (end - start),
    ticks: log ? decades(a, b) : rounded(low, high),
  };
}

function decades(a: number, b: number): number[] {
  const every = Math.max(1, Math.ceil((b - a) / 6));
  const found: number[] = [];
  for (let k = Math.ceil(a - 1e-9); k <= b + 1e-9; k += every) found.push(10 ** k);
  return found.length > 1 ? found : [10 ** a, 10 ** b];
}

function rounded(low: number, high: number): number[] {
  const rough = (high - low) / TICKS;
  const base = 10 ** Math.floor(Math.log10(rough));
  const step = base * ([1, 2, 5, 10].find((m) => m * base >= rough) ?? 10);
  const found: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) {
    found.push(Number((k * step).toPrecision(12)));
  }
  return found;
}
