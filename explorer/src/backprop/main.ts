/** The page: drawing, controls, the current step, and the panels below. */

import { Value } from "../engine/expression";
import { PRESETS } from "../engine/network";
import { byId, choice, field, h, inUpdates, renew, show } from "../page/dom";
import { followScheme } from "../page/scheme";
import { tabList } from "../page/tabs";
import { fromHash, toHash } from "./address";
import { Builder } from "./build";
import { GradientCheck } from "./check";
import { LossCurves } from "./curves";
import { Diagram } from "./diagram";
import { card, spoken, whyTree } from "./explain";
import { MOST_ITERATIONS, Model, type Change } from "./model";
import { PlantedMistake } from "./plant";
import { Player } from "./player";
import { Quiz } from "./quiz";
import { Workbook } from "./sheet";
import { Surface } from "./surface";
import { WeightField } from "./weight";

const model = new Model();

// --- Why this number? ----------------------------------------------------------------------------

const why = byId("why");
let explained = "";
let asked: Element | null = null;

function explain(value: Value): void {
  asked = document.activeElement;
  explained = value.name;
  showWhy();
  why.querySelector("h3")!.focus({ preventScroll: true });
  why.scrollIntoView({ block: "nearest" });
}

/** The value of this name with its numbers of now. */
function showWhy(): void {
  const value = [...model.values.keys()].find((one) => one.name === explained);
  why.hidden = !value;
  if (value) {
    renew(why, h("h3", { tabindex: -1 }, "Why this number?"), whyTree(model, value),
      h("button", { class: "link", onclick: closeWhy }, "Close"));
  }
}

/** Back to where the question was asked. */
function closeWhy(): void {
  explained = "";
  why.hidden = true;
  const back = asked?.isConnected ? asked : byId("card").querySelector("button");
  (back as HTMLElement | null)?.focus();
}

why.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeWhy();
});

const summary = byId("summary");

// --- The drawing and its controls ----------------------------------------------------------------

const weight = new WeightField(model, explain);
const diagram = new Diagram(model, explain, (value) => weight.choose(value));
byId("stage").append(diagram.element);
byId("weight").append(weight.element);

const iteration = h("input", { type: "number", min: 0, max: MOST_ITERATIONS, value: 0, id: "iteration" });
iteration.addEventListener("change", () => model.goToIteration(iteration.valueAsNumber));
const position = h("input", { type: "range", min: 0, value: 0, "aria-label": "Step of the iteration" });
position.addEventListener("input", () => model.goToStep(Number(position.value)));
const player = new Player(model, (isPlaying) => {
  for (const told of [summary, byId("spoken")]) told.setAttribute("aria-live", isPlaying ? "off" : "polite");
});

byId("transport").append(
  h("button", { onclick: () => model.goToIteration(0), title: "Home" }, "Rewind"),
  h("button", { onclick: () => model.goToStep(model.step - 1), "aria-label": "Previous step", title: "←" }, "‹"),
  h("button", { onclick: () => model.goToStep(model.step + 1), "aria-label": "Next step", title: "→" }, "›"),
  player.button(), player.paces,
  h("button", { onclick: () => model.goToIteration(model.iteration + 1), title: "N" }, "Next update"),
  field("update", iteration), position,
);

const exampleBox = byId("example");
const presetBox = byId("preset");

function drawChoices(): void {
  const presets = PRESETS.map((one): [string, string] => [one.name, one.title || one.name]);
  const at = PRESETS.findIndex((one) => one.name === model.spec.name && one.title === model.spec.title);
  const options = at < 0 ? [["", "your own network"] as [string, string], ...presets] : presets;
  renew(presetBox, field("network", choice(options, at < 0 ? "" : model.spec.name, (name) => {
    const preset = PRESETS.find((one) => one.name === name);
    if (preset) model.load(preset);
  })));
  const { examples } = model.network;
  renew(exampleBox, ...(examples.length > 1 ? [field("example", choice(
    examples.map((_, k): [string, string] => [String(k), String(k + 1)]), String(model.example),
    (value) => { model.example = Number(value); diagram.draw(); },
  ))] : []));
}

// --- The panels ----------------------------------------------------------------------------------

interface Panel {
  element: HTMLElement;
  /** Whether it shows the iteration, and not the whole training. */
  followsIteration: boolean;
  draw(): void;
}

const PANELS: [string, string, Panel][] = [
  ["curves", "Loss curves", new LossCurves(model)],
  ["surface", "Decision surface", new Surface(model, player)],
  ["check", "Gradient check", new GradientCheck(model)],
  ["mistake", "Plant a mistake", new PlantedMistake(model)],
  ["quiz", "Spot the mistake", new Quiz()],
  ["workbook", "The workbook", new Workbook(model)],
  ["build", "Build your own", new Builder(model)],
];
let open = PANELS[0]!;
const select = tabList(PANELS.map(([key, text]) => [key, text]), (key) => {
  open = PANELS.find((panel) => panel[0] === key)!;
  byId("panel").replaceChildren(open[2].element);
  open[2].draw();
});

// --- What follows a change -----------------------------------------------------------------------

let saving = 0;

function showStep(): void {
  renew(byId("card"), card(model, model.current, explain));
  position.max = String(model.steps.length - 1);
  position.value = String(model.step);
  byId("spoken").textContent = spoken(model, model.current);
  clearTimeout(saving);
  saving = window.setTimeout(() => history.replaceState(null, "", `#${toHash(model)}`), 300);
}

function showIteration(): void {
  iteration.value = String(model.iteration);
  const loss = model.values.get(model.network.loss);
  const fine = Number.isFinite(loss);
  summary.textContent = fine
    ? `After ${inUpdates(model.iteration)} at learning rate ` +
      `${show(model.rate, 3)} the loss is ${show(loss)}.`
    : `The training diverged before update ${model.iteration}: its numbers overflowed. ` +
      "Rewind and choose a lower learning rate.";
  summary.classList.toggle("error", !fine);
}

/** The panel that is open; what only a network or a rate changes stays. */
function redraw(what: Change): void {
  if (open[0] !== "quiz" && !(open[0] === "build" && what !== "network")) open[2].draw();
}

let shownExample = 0;

model.onChange((what) => {
  if (what === "network") drawChoices();
  if (what === "network" || model.example !== shownExample) {
    diagram.draw();
    if (what !== "network") drawChoices();
  } else {
    diagram.update();
  }
  shownExample = model.example;
  showStep();
  if (what !== "step") {
    showIteration();
    showWhy();
    weight.draw();
    if (what !== "iteration" || open[2].followsIteration) redraw(what);
  }
});

document.addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
  const scrolls = target !== document.body && target.scrollWidth > target.clientWidth; // the arrows are its own
  if (isTyping || scrolls || event.ctrlKey || event.metaKey || event.altKey) return;
  const keys: Record<string, () => void> = {
    ArrowRight: () => model.goToStep(model.step + 1),
    ArrowLeft: () => model.goToStep(model.step - 1),
    Home: () => model.goToIteration(0),
    n: () => model.goToIteration(model.iteration + 1),
    p: () => player.toggle(),
  };
  const action = keys[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

followScheme(byId("scheme"));
fromHash(model, location.hash.slice(1));
window.addEventListener("hashchange", () => fromHash(model, location.hash.slice(1)));
drawChoices();
diagram.draw();
showStep();
showIteration();
weight.draw();
select(open[0]);
