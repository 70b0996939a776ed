/** One number of a layer: where it comes from, with its window, kernel and sum, and where it leads. */

import { h, show } from "../page/dom";
import { Convolution, type Link } from "./layers";
import { valueAt, type Session } from "./session";
import type { Place } from "./view";

const MOST_ROWS = 8;

export function inspect(session: Session, layer: number, place: Place): HTMLElement {
  const value = valueAt(session.values[layer]!, place);
  const gradient = valueAt(session.gradients[layer]!, place);
  const name = layer === 0 ? "image" : session.model.layers[layer - 1]!.name;
  return h("div", {},
    h("p", { class: "phase forward" }, where(name, place)),
    h("p", {}, "Value ", h("b", {}, show(value, 5)), ", gradient ", h("b", {}, show(gradient, 4)), `: ${effect(gradient)}.`),
    layer === session.model.layers.length ? softmax(session, place.channel, gradient) : null,
    layer === 0 ? h("p", { class: "meaning" }, "A pixel of the normalized image.") : source(session, layer, place, value),
    path(session, layer, place),
  );
}

/** The number at a place as a sentence, for those who hear the page. */
export function spoken(session: Session, layer: number, place: Place, gradients: boolean): string {
  const shown = gradients ? session.gradients : session.values;
  const name = layer === 0 ? "image" : session.model.layers[layer - 1]!.name;
  return `${where(name, place)}: ${gradients ? "gradient " : ""}${show(valueAt(shown[layer]!, place))}`;
}

function effect(gradient: number): string {
  if (gradient === 0) return "a small change of it leaves the loss as it is";
  return `if it grew a little, the loss would ${gradient > 0 ? "grow" : "fall"}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function where(name: string, { channel, row, column }: Place): string {
  return `${name}, channel ${channel + 1}, row ${row + 1}, column ${column + 1}`;
}

function source(session: Session, layer: number, place: Place, value: number): HTMLElement {
  const kind = session.model.layers[layer - 1]!;
  const links = session.sources(layer, place);
  const x = session.values[layer - 1]!;
  const terms = links.map((link) => ({ link, input: valueAt(x, link), product: link.derivative * valueAt(x, link) }));
  if (kind instanceof Convolution) {
    const bias = kind.bias.data[place.channel]!;
    const sum = terms.reduce((total, one) => total + one.product, 0);
    const kernel = kind.weight.shape[2]!;
    return h("div", {},
      h("p", {}, `Sum of ${terms.length} products of the window and the kernel, ${show(sum)}, plus the bias ${show(bias)}: ${show(value)}.`),
      ...(kernel > 1 ? strongestChannels(terms, kernel) : [table(terms)]),
    );
  }
  const words: Record<string, string> = {
    average: `Mean of ${terms.length} numbers.`, linear: `Sum of ${terms.length} products plus a bias.`,
  };
  if (terms.length === 1) {
    const { link, input } = terms[0]!;
    return h("p", {}, `${capital(kind.words)}, of ${show(input)}; its local derivative is ${show(link.derivative)}.`);
  }
  return h("div", {}, h("p", {}, words[kind.name] ?? `${capital(kind.words)}: ${terms.map((one) => show(one.input, 3)).join(", ")}. The gradient goes to the first of the largest.`),
    kind.name.startsWith("pool") ? null : table(terms));
}

/** What becomes of a logit, and why its gradient is so simple. */
function softmax(session: Session, digit: number, gradient: number): HTMLElement {
  const p = session.probabilities[digit]!;
  const isLabel = digit === session.label;
  return h("p", {}, `Softmax: e to this power, divided by the sum of all ten such powers, is the probability ${show(p)} of a ${digit}. ` +
    `∂E/∂ of a logit is its probability${isLabel ? " minus 1, since this is the label" : ""}: ${show(gradient)}.`);
}

interface Term {
  link: Link;
  input: number;
  product: number;
}

/** The channels that contribute most: window, kernel and products as small tables. */
function strongestChannels(terms: Term[], size: number): HTMLElement[] {
  const channels = new Map<number, Term[]>();
  for (const term of terms) {
    const own = channels.get(term.link.channel);
    if (own) own.push(term);
    else channels.set(term.link.channel, [term]);
  }
  const sum = (own: Term[]): number => own.reduce((total, one) => total + one.product, 0);
  const sorted = [...channels].sort((a, b) => Math.abs(sum(b[1])) - Math.abs(sum(a[1])));
  return sorted.slice(0, 2).map(([channel, own]) => h("div", { class: "window" },
    h("p", { class: "meaning" }, `Channel ${channel + 1} of the layer below contributes ${show(sum(own), 3)}${channels.size > 2 ? ", one of the two largest parts" : ""}:`),
    h("div", { class: "grids", tabindex: 0, role: "group", "aria-label": "Window, kernel and products" },
      grid("window", own.map((one) => one.input), size), h("span", {}, "·"),
      grid("kernel", own.map((one) => one.link.derivative), size), h("span", {}, "="),
      grid("products", own.map((one) => one.product), size)),
  ));
}

function grid(caption: string, numbers: number[], size: number): HTMLElement {
  const rows = Array.from({ length: size }, (_, r) => h("tr", {},
    ...numbers.slice(r * size, (r + 1) * size).map((one) => h("td", {}, show(one, 2)))));
  return h("table", { class: "grid" }, h("caption", {}, caption), h("tbody", {}, ...rows));
}

function table(terms: Term[]): HTMLElement {
  const sorted = [...terms].sort((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, MOST_ROWS);
  return h("table", { class: "terms" },
    h("thead", {}, h("tr", {}, ...["channel", "input", "weight", "product"].map((one) => h("th", { scope: "col" }, one)))),
    h("tbody", {}, ...sorted.map(({ link, input, product }) => h("tr", {},
      ...[String(link.channel + 1), show(input, 3), show(link.derivative, 3), show(product, 3)].map((one) => h("td", {}, one))))),
    terms.length > MOST_ROWS ? h("caption", {}, `the ${MOST_ROWS} largest of ${terms.length}`) : null);
}

/** From here to the logit of the label along the strongest local derivatives. */
function path(session: Session, layer: number, place: Place): HTMLElement {
  const nodes = session.path(layer, place);
  const names = ["image", ...session.model.layers.map((one) => one.name)];
  const product = nodes.slice(1).reduce((total, one) => total * one.derivative, 1);
  const last = nodes.at(-1)!;
  const reaches = last.layer === session.model.layers.length;
  return h("details", { open: true },
    h("summary", {}, `Its strongest path to the logit of ${session.label}`),
    h("ol", { class: "path" }, ...nodes.map((one, k) => h("li", {},
      `${where(names[one.layer]!, one.place)}: ${show(one.value, 3)}`,
      k ? h("span", { class: "meaning" }, ` local derivative ${show(one.derivative, 3)}`) : null))),
    h("p", { class: "meaning" }, reaches
      ? `The product along this path is ${show(product, 3)}; the gradient is the sum over all paths.`
      : "No path leads on from here: for this image no later number depends on it."));
}
