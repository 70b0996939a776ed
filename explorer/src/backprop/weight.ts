/** One weight of many: where the drawing has no room for numbers it is chosen by name, and changed, here. */

import type { Value } from "../engine/expression";
import { choice, field, h, renew, show } from "../page/dom";
import { plain } from "../page/notation";
import { MOST_LABELED, edgesOf } from "./diagram";
import type { Model } from "./model";

export class WeightField {
  readonly element = h("div", { class: "controls" });
  private chosen = "";

  constructor(private readonly model: Model, private readonly explain: (value: Value) => void) {}

  choose(weight: Value): void {
    this.chosen = weight.name;
    this.draw();
  }

  draw(): void {
    const { network, values } = this.model;
    const all = [...network.weights.flat(2), ...network.biases.flat()];
    if (edgesOf(network) <= MOST_LABELED) {
      this.element.replaceChildren();
      return;
    }
    const weight = all.find((one) => one.name === this.chosen) ?? all[0]!;
    const start = network.given.get(weight)!;
    const input = h("input", { type: "number", step: "any", value: start });
    input.addEventListener("change", () => {
      const typed = input.valueAsNumber;
      if (Number.isFinite(typed)) this.model.edit(weight, typed);
      else input.value = String(start);
    });
    const names = all.map((one): [string, string] => [one.name, `${plain(one.markup)}, ${one.meaning}`]);
    renew(this.element,
      field("weight", choice(names, weight.name, (name) => { this.chosen = name; this.draw(); })),
      field("before training", input),
      h("span", {}, `now ${show(values.get(weight))}`),
      h("button", { class: "link", onclick: () => this.explain(weight) }, "Why this number?"),
      h("span", { class: "meaning" }, "Orange lines are weights above zero, blue ones below; the thicker, the larger."));
  }
}
