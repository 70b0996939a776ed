/** Build a network, paste examples, import TOML; take the network away as TOML, JSON or code. */

import { MOST_WEIGHTS, checked, examplesFrom } from "../engine/checks";
import { toPyTorch, toToml } from "../engine/exports";
import { ACTIVATION_NAMES, LOSS_NAMES, OPTIMIZERS, lossOf, schemeFor, type Spec } from "../engine/network";
import { drawWeights, generator } from "../engine/random";
import { fromToml } from "../engine/toml";
import { choice, field, h, renew } from "../page/dom";
import { save } from "../page/save";
import type { Model } from "./model";

const named = (names: readonly string[]): [string, string][] => names.map((one) => [one, one]);

export class Builder {
  readonly followsIteration = false;
  readonly element = h("div");
  private importing = false;
  private seed = 0n;

  constructor(private readonly model: Model) {}

  draw(): void {
    const { spec } = this.model;
    const form = h("form", { class: "builder" });
    const hidden = spec.layers.slice(0, -1);
    const sizes = h("input", { value: hidden.map((l) => l.weights.length).join(", "),
      placeholder: "none", inputmode: "numeric" });
    const biases = h("input", { type: "checkbox", checked: spec.layers.some((l) => l.biases.length > 0) });
    const lasts = [...ACTIVATION_NAMES, "softmax"];
    const chosen = {
      hidden: hidden[0]?.activation ?? "sigmoid", output: spec.layers.at(-1)!.activation,
      loss: spec.loss, optimizer: spec.optimizer,
    };
    const examples = h("textarea", { rows: 6, spellcheck: false, "aria-describedby": "examples-help" });
    examples.value = spec.inputs.map((row, k) => [...row, ...spec.targets[k]!].join(", ")).join("\n");
    const penalty = h("input", { type: "number", min: 0, step: "any", value: spec.l2 ?? 0 });
    const seed = h("input", { type: "number", min: 0, step: 1, value: String(this.seed) });
    seed.addEventListener("change", () => {
      if (/^\d+$/.test(seed.value)) this.seed = BigInt(seed.value);
      seed.value = String(this.seed);
    });
    const outputs = h("input", { type: "number", min: 1, max: 20, value: spec.targets[0]!.length });
    const told = h("p", { class: "error", role: "alert" });
    const output = choice(named(lasts), chosen.output, (v) => { chosen.output = v; });
    const loss = choice(named(LOSS_NAMES), chosen.loss, (v) => {
      chosen.loss = v;
      const needed = lossOf(v).activation;
      if (needed) output.value = chosen.output = needed;
    });
    form.append(
      h("div", { class: "controls" },
        field("hidden layers (units)", sizes),
        field("their activation", choice(named(ACTIVATION_NAMES), chosen.hidden, (v) => { chosen.hidden = v; })),
        field("output activation", output), field("loss", loss),
        field("optimizer", choice(named(Object.keys(OPTIMIZERS)), chosen.optimizer, (v) => { chosen.optimizer = v; })),
        field("regularization λ", penalty),
        field("outputs", outputs), field("biases", biases), field("seed of the weights", seed)),
      h("label", { class: "field wide" }, h("span", {}, "examples"), examples),
      h("p", { id: "examples-help", class: "meaning" },
        "One example per line: inputs, then targets, separated by commas, tabs or spaces."),
      h("div", { class: "controls" }, h("button", { type: "submit" }, "Build this network")), told,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      told.textContent = attempt(() => {
        const data = examplesFrom(examples.value, outputs.valueAsNumber || 1);
        const units = sizes.value.split(/[\s,;]+/).filter((one) => one !== "" && one !== "none").map(Number);
        const network = newNetwork(data, units, chosen, biases.checked, this.seed);
        this.model.load(checked({ ...network, l2: penalty.valueAsNumber || 0 }));
      });
    });
    renew(this.element, form, this.importer(), this.exporter());
  }

  private importer(): HTMLElement {
    const area = h("textarea", { rows: 5, spellcheck: false, "aria-label": "A network as TOML",
      placeholder: "Paste a network file (TOML) here" });
    const told = h("p", { class: "error", role: "alert" });
    const take = h("button", { onclick: () => {
      told.textContent = attempt(() => {
        if (area.value.length > 200_000) throw new Error("the text is longer than 200,000 characters");
        const { spec, rates } = fromToml(area.value);
        this.model.load(spec);
        if (rates.length) this.model.setRate(rates[0]!);
      });
    } }, "Open this network");
    const details = h("details", { open: this.importing }, h("summary", {}, "Open a network file (TOML)"), area,
      h("div", { class: "controls" }, take), told);
    details.addEventListener("toggle", () => { this.importing = details.open; });
    return details;
  }

  private exporter(): HTMLElement {
    const { spec, rate } = this.model;
    const toml = toToml(spec);
    const texts: [string, string, string][] = [
      ["TOML", "network.toml", toml], ["JSON", "network.json", JSON.stringify(spec, null, 2)],
      ["PyTorch", "network.py", toPyTorch(spec, rate)],
    ];
    return h("details", {}, h("summary", {}, "Take this network with you: TOML, JSON, PyTorch, Excel"),
      h("p", {}, "As an Excel workbook of live formulas: save the TOML as network.toml, then ",
        h("code", {}, "gradsheet workbook network.toml -o network.xlsx")),
      ...texts.map(([label, file, text]) => h("details", { class: "export" },
        h("summary", {}, label), h("div", { class: "controls" },
          h("button", { onclick: () => save(file, text) }, `Save ${file}`)),
        h("pre", { tabindex: 0 }, text))));
  }
}

/** Run, and give back the message of what went wrong, if anything. */
function attempt(action: () => void): string {
  try {
    action();
    return "";
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.split("\n")[0]!.slice(0, 300);
  }
}

interface Chosen {
  hidden: string;
  output: string;
  loss: string;
  optimizer: string;
}

function newNetwork(
  data: { inputs: number[][]; targets: number[][] }, units: number[], chosen: Chosen, biases: boolean, seed: bigint,
): Spec {
  const sizes = [data.inputs[0]!.length, ...units, data.targets[0]!.length];
  if (sizes.some((size) => !Number.isInteger(size) || size < 1)) {
    throw new Error("hidden layers: expected numbers of units such as 3, 2");
  }
  const total = sizes.slice(1).reduce((sum, size, k) => sum + size * sizes[k]!, 0);
  if (total > MOST_WEIGHTS) {
    throw new Error(`${total.toLocaleString("en")} weights; the page takes at most ${MOST_WEIGHTS.toLocaleString("en")}`);
  }
  const draw = generator(seed);
  const layers = sizes.slice(1).map((count, k) => {
    const activation = k === sizes.length - 2 ? chosen.output : chosen.hidden;
    return {
      weights: drawWeights(schemeFor(activation), sizes[k]!, count, draw), activation,
      biases: biases ? Array.from({ length: count }, () => 0) : [],
      train_biases: true,
    };
  });
  return { ...data, layers, loss: chosen.loss, optimizer: chosen.optimizer, name: "network", title: "My network" };
}
