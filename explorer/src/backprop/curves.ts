/** The loss at many learning rates at once, with one rate to drag. */

import type { Trainer } from "../engine/training";
import { choice, field, h, show } from "../page/dom";
import { RATES, type Model } from "./model";
import { legend, plot, type Curve } from "./plot";

const MOST_UPDATES = 2000;

export class LossCurves {
  readonly followsIteration = false;
  readonly element = h("div");
  private updates = 100;
  private log = false;
  private readonly out = h("div");
  /** The curves that no other rate of the reader's changes. */
  private known: { trainer: Trainer; updates: number; curves: Curve[] } | null = null;

  constructor(private readonly model: Model) {
    const number = h("input", { type: "number", min: 1, max: MOST_UPDATES, value: this.updates });
    number.addEventListener("change", () => {
      this.updates = Math.min(Math.max(Math.round(number.valueAsNumber) || 1, 1), MOST_UPDATES);
      number.value = String(this.updates);
      this.draw();
    });
    const slider = h("input", { type: "range", min: -2, max: 1, step: 0.01 });
    const told = h("output");
    const tell = (): void => {
      slider.value = String(Math.log10(model.rate));
      told.textContent = `η = ${show(model.rate, 3)}`;
    };
    slider.addEventListener("input", () => {
      model.setRate(Number((10 ** Number(slider.value)).toPrecision(3)));
    });
    model.onChange((what) => {
      if (what !== "step") tell();
    });
    tell();
    this.element.append(
      h("div", { class: "controls" },
        field("learning rate", slider), told, field("updates", number),
        field("scale of the loss", choice([["linear", "linear"], ["log", "logarithmic"]], "linear",
          (value) => { this.log = value === "log"; this.draw(); })),
      ),
      this.out,
    );
  }

  draw(): void {
    const { trainer, rate } = this.model;
    if (this.known?.trainer !== trainer || this.known.updates !== this.updates) {
      const curves = RATES.map((one, k): Curve => ({
        name: `η = ${one}`, points: trainer.losses(one, this.updates), className: `c${k}`,
      }));
      this.known = { trainer, updates: this.updates, curves };
    }
    const { curves } = this.known;
    const own: Curve = {
      name: `η = ${show(rate, 3)} (yours)`, points: trainer.losses(rate, this.updates),
      className: "own",
    };
    const all = [...curves, own];
    const most = 3 * Math.max(...all.map((curve) => curve.points[0]!));
    const picture = plot(all, { x: "updates", y: "loss", log: this.log, most },
      "The loss at each learning rate");
    this.out.replaceChildren(legend(all), picture, h("p", { class: "finding" }, this.sentence(all)));
  }

  /** What the curves show, in words. */
  private sentence(all: Curve[]): string {
    const last = (curve: Curve): number => curve.points[this.updates]!;
    const diverged = all.filter((curve) => !(last(curve) <= 2 * curve.points[0]!));
    const best = all.filter((curve) => !diverged.includes(curve))
      .reduce<Curve | null>((a, b) => (a === null || last(b) < last(a) ? b : a), null);
    const words = best
      ? `After ${this.updates} updates the loss is lowest, ${show(last(best))}, with ${best.name}.`
      : "With each of these rates the loss grows: every step goes too far.";
    if (!diverged.length || !best) return words;
    const names = diverged.map((curve) => curve.name).join(", ");
    return `${words} With ${names} the training diverges: each step overshoots the minimum by more than the one before.`;
  }
}
