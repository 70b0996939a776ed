/** The page of the digit classifier: draw or choose a digit, look into every layer, let it learn. */

import { byId, field, h, renew, show } from "../page/dom";
import { roving } from "../page/roving";
import { followScheme } from "../page/scheme";
import { tabList } from "../page/tabs";
import { SIDE, type Data } from "./classifier";
import data from "./data.json";
import { Flow } from "./flow";
import { inspect, spoken } from "./inspect";
import { maps } from "./layers";
import { Pad } from "./pad";
import { inkOfFile, pictureInput } from "./picture";
import { preprocess } from "./preprocess";
import { Session } from "./session";
import { Slide } from "./slide";
import { MapsView, type Place } from "./view";

const session = new Session(data as unknown as Data);
const SQUARE = 280; // pixels of a picture's longer side
const DIGITS = Array.from({ length: 10 }, (_, k) => k);

let showGradients = false;
let pointed: { layer: number; place: Place } = { layer: 1, place: { channel: 0, row: 12, column: 12 } };

// --- The image -----------------------------------------------------------------------------------

const pad = new Pad((image) => {
  if (image) session.take(image);
  else session.take(new Uint8Array(SIDE * SIDE), session.label);
  draw();
});
const refused = h("p", { class: "error", role: "alert" });

/** A picture from a file: prepared as what is drawn. */
async function open(file: Blob): Promise<void> {
  refused.textContent = "";
  try {
    const image = preprocess(await inkOfFile(file, SQUARE), SQUARE);
    if (!image) return;
    session.take(image);
    pad.show(image);
    draw();
  } catch (error) {
    refused.textContent = (error as Error).message;
  }
}

byId("pad").append(pad.element,
  h("div", { class: "controls" }, h("button", { onclick: () => pad.clear() }, "Clear"), pictureInput((file) => void open(file))), refused);

const gallery = h("div", { class: "gallery", role: "group", "aria-label": "Test digits" });
session.samples.forEach((sample) => {
  const picture = h("canvas", { width: SIDE, height: SIDE });
  const pixels = picture.getContext("2d")!.createImageData(SIDE, SIDE);
  sample.image.forEach((value, k) => pixels.data.set([value, value, value, 255], 4 * k));
  picture.getContext("2d")!.putImageData(pixels, 0, 0);
  const found = session.model.classify(sample.image).digit;
  const wrong = found !== sample.label;
  gallery.append(h("button", {
    class: wrong ? "misclassified" : "", title: `test image ${sample.index}: ${sample.label}`,
    "aria-label": `test image ${sample.index}, a ${sample.label}${wrong ? `, classified as ${found}` : ""}`,
    onclick: () => {
      session.take(sample.image, sample.label);
      pad.show(sample.image);
      draw();
    },
  }, picture));
});
byId("gallery").append(gallery);
roving(gallery);

const labels = h("div", { class: "labels", role: "radiogroup", "aria-label": "Label" });
const radios = DIGITS.map((digit) => {
  const radio = h("input", { type: "radio", name: "label", value: digit });
  radio.addEventListener("change", () => { session.choose(digit); draw(); });
  labels.append(h("label", {}, radio, String(digit)));
  return radio;
});
byId("labels").append(labels);

// --- The layers ----------------------------------------------------------------------------------

const names = ["image", ...session.model.layers.map((layer) => layer.name)];
const words = ["28 × 28 pixels, normalized", ...session.model.layers.map((layer) => layer.words)];
const views = session.values.map((values, layer) => {
  const scale = values.height === 1 ? 13 : values.height > 20 ? 3 : values.height > 10 ? 4 : 5;
  const { channels, height, width } = values;
  const label = `${names[layer]}: ${channels} ${channels === 1 ? "map" : "maps"} of ${height} × ${width}. Arrow keys move the marked number, Page Down goes to the next map.`;
  return new MapsView({ channels, height, width }, scale, label, (place, byKey) => {
    slide.stop();
    point(layer, place, byKey);
  });
});

/** Look at another number; `isTold` to those who hear the page. */
function point(layer: number, place: Place, isTold: boolean): void {
  const before = pointed.layer;
  pointed = { layer, place };
  drawMaps([before, before - 1, layer, layer - 1]);
  if (isTold) byId("spoken").textContent = spoken(session, layer, place, showGradients);
}

const slide = new Slide(() => ({ place: pointed.place, shape: session.values[pointed.layer]! }),
  (place, isPlaying) => point(pointed.layer, place, !isPlaying));
byId("slide").append(slide.element);

const flow = new Flow(session, (layer) => {
  const { height, width } = session.values[layer]!;
  slide.stop();
  point(layer, { channel: 0, row: height >> 1, column: width >> 1 }, true);
  views[layer]!.element.scrollIntoView({ block: "center" });
  views[layer]!.element.focus({ preventScroll: true });
});
byId("flow").append(flow.element);
byId("layers").append(...views.map((view, layer) => h("figure", { class: "layer" },
  h("figcaption", {}, h("b", {}, names[layer]!), ` ${shape(layer)} `, h("span", { class: "meaning" }, words[layer]!)),
  view.element)));

function shape(layer: number): string {
  const { channels, height, width } = session.values[layer]!;
  return height > 1 ? `${channels} × ${height} × ${width}` : String(channels);
}

const mode = byId<HTMLSelectElement>("mode");
mode.addEventListener("change", () => {
  showGradients = mode.value === "gradients";
  drawMaps();
});

/** The maps of all layers, or of some, and the number pointed at. */
function drawMaps(layers: readonly number[] = views.map((_, layer) => layer)): void {
  const shown = showGradients ? session.gradients : session.values;
  const window = session.sources(pointed.layer, pointed.place); // of the layer below
  for (const layer of new Set(layers.filter((one) => one >= 0))) {
    views[layer]!.draw(shown[layer]!, layer === pointed.layer ? pointed.place : null, layer === pointed.layer - 1 ? window : []);
  }
  flow.mark(pointed.layer);
  renew(byId("inspect"), inspect(session, pointed.layer, pointed.place));
}

// --- The answer ----------------------------------------------------------------------------------

function draw(): void {
  radios.forEach((radio, digit) => { radio.checked = digit === session.label; });
  const { probabilities, digit } = session;
  const empty = session.image.every((value) => value === 0);
  byId("answer").replaceChildren(
    h("p", { class: "answer" }, ...(empty ? ["Draw a digit. For a blank image the network answers:"]
      : ["It is a ", h("b", {}, String(digit)), ` with ${percent(probabilities[digit]!)}.`])),
    h("ul", { class: "bars" }, ...DIGITS.map((k) => h("li", {},
      h("span", {}, String(k)),
      h("span", { class: "bar", style: `width:${(100 * probabilities[k]!).toFixed(1)}%` }),
      h("span", {}, percent(probabilities[k]!))))),
    h("p", {}, `Loss with the label ${session.label}: ${show(session.loss)}`),
  );
  drawMaps();
  panels[tab]!();
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0.999 || share < 0.001 ? 2 : 1)}%`;
}

// --- Experiments ---------------------------------------------------------------------------------

const panel = byId("panel");
let rate = 0.01;
let told = "";

function learning(): void {
  const slider = h("input", { type: "range", min: -4, max: -0.5, step: 0.1, value: Math.log10(rate) });
  const output = h("output", {}, `η = ${show(rate, 2)}`);
  slider.addEventListener("input", () => {
    rate = 10 ** Number(slider.value);
    output.textContent = `η = ${show(rate, 2)}`;
  });
  const step = h("button", { onclick: () => {
    const before = session.loss;
    session.learn(rate);
    told = `The loss of this image went from ${show(before)} to ${show(session.loss)}.`;
    draw();
  } }, "One step");
  const many = h("button", { onclick: () => {
    const count = session.learnUntilRight(rate, 200);
    told = count < 0 ? `After 200 steps it is still a ${session.digit} to the network; try a higher rate.`
      : `${count} ${count === 1 ? "step" : "steps"} until the answer is ${session.label}.`;
    draw();
  } }, `Steps until it is a ${session.label}`);
  const reset = h("button", { onclick: () => { session.reset(); told = ""; draw(); } }, "Trained weights again");
  const check = h("button", { onclick: () => {
    told = `${session.correct()} of the ${session.samples.length} test digits on this page are classified correctly now.`;
    learning();
  } }, "What else has changed?");
  renew(panel,
    h("p", {}, "Gradient descent on this one image and its label: each step changes all 17,410 parameters. The statistics of batch normalization stay as they are."),
    h("div", { class: "controls" }, field("learning rate", slider), output, step, many, check, reset),
    h("p", { class: "finding", role: "status" }, told),
    changes(),
  );
}

function changes(): HTMLElement {
  const rows = session.model.moved().map(({ name, changes: moved }, k) => {
    const parameter = session.model.parameters[k]!;
    const gradient = norm(parameter.gradient);
    return h("tr", {}, ...[name, parameter.shape.join(" × "), String(moved.length), show(gradient, 3),
      show(norm(moved), 3), show(Math.max(...moved.map(Math.abs)), 3)].map((one, n) => h(n ? "td" : "th", n ? {} : { scope: "row" }, one)));
  });
  return h("div", { class: "scroll", tabindex: 0 }, h("table", { class: "terms" },
    h("caption", {}, session.steps ? `After ${session.steps} ${session.steps === 1 ? "step" : "steps"}` : "Before the first step"),
    h("thead", {}, h("tr", {}, ...["parameter", "shape", "numbers", "norm of its gradient", "norm of its change", "largest change"].map((one) => h("th", { scope: "col" }, one)))),
    h("tbody", {}, ...rows)));
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, one) => sum + one * one, 0));
}

function statistics(): void {
  const rows = session.values.map(({ data: numbers }, layer) => {
    const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
    const deviation = Math.sqrt(numbers.reduce((a, b) => a + (b - mean) ** 2, 0) / numbers.length);
    const cells = [names[layer]!, shape(layer), String(numbers.length), show(mean, 3), show(deviation, 3),
      show(Math.min(...numbers), 3), show(Math.max(...numbers), 3), show(norm(session.gradients[layer]!.data), 3)];
    return h("tr", {}, ...cells.map((one, n) => h(n ? "td" : "th", n ? {} : { scope: "row" }, one)));
  });
  panel.replaceChildren(h("div", { class: "scroll", tabindex: 0 }, h("table", { class: "terms" },
    h("thead", {}, h("tr", {}, ...["layer", "shape", "numbers", "mean", "standard deviation", "minimum", "maximum", "norm of the gradient"].map((one) => h("th", { scope: "col" }, one)))),
    h("tbody", {}, ...rows))));
}

function picture(image: ArrayLike<number>, caption: string): HTMLElement {
  const x = maps(1, SIDE, SIDE);
  for (let k = 0; k < x.data.length; k++) x.data[k] = image[k]!;
  const view = new MapsView({ channels: 1, height: SIDE, width: SIDE }, 7, caption, () => {});
  view.element.removeAttribute("tabindex");
  view.element.setAttribute("role", "img");
  view.draw(x, null);
  return h("figure", {}, view.element, h("figcaption", {}, caption));
}

function saliency(): void {
  const gradient = session.gradients[0]!.data;
  panel.replaceChildren(
    h("p", {}, `Each pixel's gradient of the loss with the label ${session.label}. Orange: more ink there increases the loss; blue: it decreases the loss.`),
    h("div", { class: "pictures" }, picture(session.image, "the image"), picture(gradient, "the gradient"),
      picture(gradient.map(Math.abs), "its absolute value")),
  );
}

function adversary(): void {
  const others = DIGITS.filter((k) => k !== session.digit);
  const out = h("div");
  const buttons = others.map((target) => h("button", { onclick: () => {
    const found = session.adversary(target);
    const change = Float64Array.from(found.image, (value, k) => value - session.image[k]!);
    out.replaceChildren(
      h("p", { class: "finding" }, found.digit === target
        ? `To the network this is a ${target} now; no pixel changed by more than ${found.largest} of 255.`
        : `No ${target} was found along the gradient.`),
      h("div", { class: "pictures" }, picture(session.image, `a ${session.digit}`), picture(change, "the change"),
        picture(found.image, `a ${found.digit} to the network`)));
  } }, String(target)));
  panel.replaceChildren(
    h("p", {}, "Follow the gradient of the pixels instead of that of the weights: how small a change makes the network see another digit? Choose one:"),
    h("div", { class: "controls" }, ...buttons), out);
}

const panels: Record<string, () => void> = { learning, statistics, saliency, adversary };
const TABS: [string, string][] = [
  ["learning", "Let it learn"], ["statistics", "Statistics"], ["saliency", "Saliency"], ["adversary", "Fool it"],
];
let tab = "learning";
const select = tabList(TABS, (key) => {
  tab = key;
  panels[key]!();
});

followScheme(byId("scheme"));
pad.show(session.image);
select(tab);
draw();
