/** A gradient check in the page: truncation error, rounding error, and the ε between them. */

import { Value } from "../engine/expression";
import { DifferenceCheck } from "../engine/training";
import { choice, field, formulaBox, h, show } from "../page/dom";
import { math, plain } from "../page/notation";
import type { Model } from "./model";
import { plot } from "./plot";

export class GradientCheck {
  readonly element = h("div");
  private parameter = "w1";
  private exponent = -4;

  constructor(private readonly model: Model) {}

  draw(): void {
    const { network, state, values } = this.model;
    const names = network.parameters.map((p): [string, string] => [p.name, plain(p.markup)]);
    if (!names.length) {
      this.element.replaceChildren(h("p", {}, "This network has nothing to train."));
      return;
    }
    const chosen = network.parameters.find((p) => p.name === this.parameter) ?? network.parameters[0]!;
    const exact = values.get(network.gradients.get(chosen)!)!;
    const check = new DifferenceCheck(network);
    const epsilon = 10 ** this.exponent;
    const slider = h("input", { type: "range", min: -15, max: 0, step: 0.25, value: this.exponent });
    slider.addEventListener("change", () => {
      this.exponent = Number(slider.value);
      this.draw();
    });
    const quotient = check.central(state, chosen, epsilon);
    const xs: number[] = [];
    const errors: number[] = [];
    for (let exponent = -15; exponent <= 0; exponent += 0.25) {
      xs.push(10 ** exponent);
      errors.push(relative(check.central(state, chosen, 10 ** exponent), exact) || 1e-17);
    }
    const curves = [
      { name: "relative difference", points: errors, xs, className: "c0" },
      { name: "your ε", points: [Math.min(...errors), Math.max(...errors)], xs: [epsilon, epsilon], className: "own" },
    ];
    this.element.replaceChildren(
      h("div", { class: "controls" },
        field("parameter", choice(names, chosen.name, (value) => { this.parameter = value; this.draw(); })),
        field("ε", slider), h("output", {}, `ε = ${show(epsilon, 2)}`)),
      formulaBox(math(`(E(${chosen.markup} + ε) − E(${chosen.markup} − ε)) / (2ε) = ${show(quotient, 9)}`, true),
      math(`∂E/∂${chosen.markup} = ${show(exact, 9)}`, true)),
      plot(curves, { x: "ε", y: "relative difference", log: true, logX: true },
        "Relative difference between the quotient and the gradient for each ε"),
      h("p", { class: "finding" }, this.sentence(chosen, errors, xs, epsilon)),
    );
  }

  private sentence(parameter: Value, errors: number[], xs: number[], epsilon: number): string {
    const best = xs[errors.indexOf(Math.min(...errors))]!;
    const name = plain(parameter.markup);
    if (epsilon > best * 5) {
      return `Truncation error: with a large ε the quotient is the slope of a chord, not of the curve at ${name}; it shrinks with ε².`;
    }
    if (epsilon < best / 5) {
      return "Rounding error: the two losses differ in their last digits only, and the subtraction leaves what was rounded away; it grows as ε shrinks.";
    }
    return `Near the best ε (${show(best, 1)}) both errors are small: the gradient of ${name} is right.`;
  }
}

function relative(a: number, b: number): number {
  return Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), 1e-300);
}
