/** Plant a mistake and watch its curve beside the right one. */

import { Trainer } from "../engine/training";
import { mistakesOf, type Mistake } from "../engine/mistakes";
import { choice, field, formulaBox, h, renew, show } from "../page/dom";
import { byName, math, plain, write } from "../page/notation";
import type { Model } from "./model";
import { legend, plot, type Curve } from "./plot";

const UPDATES = 200;

export class PlantedMistake {
  readonly followsIteration = false;
  readonly element = h("div");
  private chosen = 0;

  constructor(private readonly model: Model) {}

  draw(): void {
    const mistakes = firstOfEachKind(mistakesOf(this.model.network));
    const mistake = mistakes[Math.min(this.chosen, mistakes.length - 1)];
    if (!mistake) {
      this.element.replaceChildren(h("p", {}, "This network is too small for a mistake of these kinds."));
      return;
    }
    const { network, trainer, rate } = this.model;
    const wrong = new Trainer(network, mistake.edits);
    const curves: Curve[] = [
      { name: "right gradients", points: trainer.losses(rate, UPDATES), className: "c2" },
      { name: "with the mistake", points: wrong.losses(rate, UPDATES), className: "own" },
    ];
    const names = mistakes.map((one, k): [string, string] => [String(k), one.name]);
    renew(this.element,
      h("div", { class: "controls" }, field("mistake", choice(names, String(mistakes.indexOf(mistake)),
        (value) => { this.chosen = Number(value); this.draw(); }))),
      formulas(mistake),
      legend(curves),
      plot(curves, { x: "updates", y: "loss", log: false, most: 3 * curves[0]!.points[0]! },
        "The loss with right gradients and with the mistake"),
      h("p", { class: "finding" }, this.sentence(wrong, curves)),
    );
  }

  /** Why it still learns, or not, from the numbers. */
  private sentence(wrong: Trainer, [right, mistaken]: Curve[]): string {
    const { network, trainer, rate } = this.model;
    const start = trainer.start();
    const [truth, lie] = [trainer.evaluate(start, rate), wrong.evaluate(start, rate)];
    const gradients = network.parameters.map((p) => network.gradients.get(p)!);
    let [dot, a, b] = [0, 0, 0];
    for (const gradient of gradients) {
      const [x, y] = [truth.get(gradient)!, lie.get(gradient)!];
      dot += x * y;
      a += x * x;
      b += y * y;
    }
    const angle = (Math.acos(Math.max(-1, Math.min(1, dot / Math.sqrt(a * b)))) * 180) / Math.PI;
    const [first, fine, poor] = [right!.points[0]!, right!.points[UPDATES]!, mistaken!.points[UPDATES]!];
    const angleText = Number.isFinite(angle)
      ? `At the first update the wrong gradient points ${show(angle, 3)}° away from the right one. ` : "";
    if (!(poor < first)) {
      return `${angleText}The loss does not fall: this mistake is visible in the curve. Most are not.`;
    }
    const reason = angle < 90
      ? "Anything less than 90° leads downhill, so the loss falls, and the curve looks like learning: a falling loss proves nothing."
      : "Later steps lead downhill all the same, so the loss falls: a falling loss proves nothing.";
    return `${angleText}${reason} After ${UPDATES} updates: ${show(poor)} with the mistake, ${show(fine)} without.`;
  }
}

/** The right formula and the wrong one, for each value that the mistake concerns. */
function formulas({ edits }: Mistake): HTMLElement {
  const shown = [...edits].slice(0, 2);
  return formulaBox(...shown.flatMap(([value, wrong]) => [
    h("div", {}, h("span", { class: "badge right" }, "right"),
      math(`${value.markup} = ${write(value.definition!, byName)}`)),
    h("div", {}, h("span", { class: "badge wrong" }, "wrong"),
      math(`${value.markup} = ${write(wrong, byName)}`)),
  ]), edits.size > 2 && h("p", { class: "meaning" }, `and likewise for ${edits.size - 2} more, such as ${
    plain([...edits.keys()][2]!.markup)}`));
}

function firstOfEachKind(mistakes: Mistake[]): Mistake[] {
  const found = new Map<string, Mistake>();
  for (const mistake of mistakes) if (!found.has(mistake.name)) found.set(mistake.name, mistake);
  return [...found.values()];
}
