/** A gradient check in the page: truncation error, rounding error, and the ε between them. */

import { Value } from "../engine/expression";
import type { Network } from "../engine/network";
import { DifferenceCheck } from "../engine/training";
import { choice, field, formulaBox, h, renew, show } from "../page/dom";
import { math, plain } from "../page/notation";
import type { Model } from "./model";
import { plot } from "./plot";

const EXPONENTS = Array.from({ length: 61 }, (_, k) => k / 4 - 15);

export class GradientCheck {
  readonly followsIteration = true;
  readonly element = h("div");
  private parameter = "w1";
  private known: { network: Network; check: DifferenceCheck } | null = null;
  private readonly names = h("div");
  private readonly told = h("output");
  private readonly out = h("div");
  private readonly slider = h("input", { type: "range", min: -15, max: 0, step: 0.25, value: -4 });
  private readonly controls = h("div", { class: "controls" }, this.names, field("ε", this.slider), this.told);

  constructor(private readonly model: Model) {
    this.slider.addEventListener("input", () => this.draw());
    this.element.append(this.controls, this.out);
  }

  draw(): void {
    const { network, state, values } = this.model;
    const names = network.parameters.map((p): [string, string] => [p.name, plain(p.markup)]);
    this.controls.hidden = !names.length;
    if (!names.length) {
      this.out.replaceChildren(h("p", {}, "This network has nothing to train."));
      return;
    }
    const chosen = network.parameters.find((p) => p.name === this.parameter) ?? network.parameters[0]!;
    const exact = values.get(network.gradients.get(chosen)!)!;
    if (this.known?.network !== network) this.known = { network, check: new DifferenceCheck(network) };
    const { check } = this.known;
    const epsilon = 10 ** Number(this.slider.value);
    const quotient = check.central(state, chosen, epsilon);
    const xs = EXPONENTS.map((exponent) => 10 ** exponent);
    const errors = xs.map((one) => relative(check.central(state, chosen, one), exact) || 1e-17);
    const curves = [
      { name: "relative difference", points: errors, xs, className: "c0" },
      { name: "your ε", points: [Math.min(...errors), Math.max(...errors)], xs: [epsilon, epsilon], className: "own" },
    ];
    renew(this.names, field("parameter", choice(names, chosen.name, (value) => { this.parameter = value; this.draw(); })));
    this.told.textContent = `ε = ${show(epsilon, 2)}`;
    this.out.replaceChildren(
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
      return "Rounding error: the two losses differ in their last digits only, so their difference is mostly rounding error; it grows as ε shrinks.";
    }
    return `Near the best ε (${show(best, 1)}) both errors are small: the gradient of ${name} is right.`;
  }
}

function relative(a: number, b: number): number {
  return Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), 1e-300);
}
