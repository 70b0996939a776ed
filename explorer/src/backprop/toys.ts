/** Examples that a reader knows from pictures, and how well the network does on those held out. */

import { checked } from "../engine/checks";
import { schemeFor, type Spec } from "../engine/network";
import { drawWeights, generator } from "../engine/random";
import { HELD_OUT, MOST_NOISE, TOYS, TRAINED, examplesOf, type Toy } from "../engine/toy";
import { choice, field, h, inUpdates, show } from "../page/dom";
import type { Model } from "./model";
import { legend, plot, type Curve } from "./plot";

const [UNITS, UNITS_OF_SPIRAL] = [[4, 2], [8, 4]];
const MOST_DRAWN = 400; // points of a curve

/** Chooses examples; the network stays where it fits them. */
export function toyForm(model: Model): HTMLElement {
  const toy: Toy = model.toy ?? { kind: "circle", noise: 0.1, seed: 0 };
  const load = (change: Partial<Toy>): void => {
    const chosen = { ...toy, ...change };
    model.load(checked(networkFor(model.spec, model.toy, chosen)), chosen);
  };
  const own: [string, string][] = model.toy ? [] : [["", "the network's own"]];
  const noise = h("input", { type: "range", min: 0, max: MOST_NOISE, step: 0.05, value: toy.noise });
  noise.addEventListener("change", () => load({ noise: Number(noise.value) }));
  const seed = h("input", { type: "number", min: 0, max: 999_999_999, step: 1, value: toy.seed });
  seed.addEventListener("change", () => {
    const given = seed.valueAsNumber;
    if (Number.isInteger(given) && given >= 0 && given < 1e9) load({ seed: given });
    else seed.value = String(toy.seed);
  });
  return h("div", { class: "controls" },
    field("examples", choice([...own, ...TOYS.map((one): [string, string] => [one, one])], model.toy?.kind ?? "",
      (kind) => { if (kind) load({ kind: kind as Toy["kind"] }); })),
    ...(model.toy ? [field(`noise ${show(toy.noise, 2)}`, noise), field("seed", seed)] : []));
}

/** The network with these examples, or one that suits them if it has other inputs, outputs or a toy of another shape. */
function networkFor(spec: Spec, before: Toy | null, toy: Toy): Spec {
  const { trained } = examplesOf(toy);
  const isSpiral = (one: Toy | null): boolean => one?.kind === "spiral";
  if (before && isSpiral(before) === isSpiral(toy)) return { ...spec, ...trained };
  const sizes = [2, ...(isSpiral(toy) ? UNITS_OF_SPIRAL : UNITS), 1];
  const draw = generator(0n);
  const layers = sizes.slice(1).map((count, k) => {
    const activation = k === sizes.length - 2 ? "sigmoid" : "tanh";
    return {
      weights: drawWeights(schemeFor(activation), sizes[k]!, count, draw), activation,
      biases: Array.from({ length: count }, () => 0), train_biases: true,
    };
  });
  return { ...trained, layers, loss: "binary-cross-entropy", optimizer: "sgd", name: "network", title: "Toy examples" };
}

/** The losses so far, of the examples trained on and of those held out, with a sentence. */
export function heldOutCurves(model: Model): HTMLElement {
  const { iteration, losses, heldOutLosses } = model;
  const every = Math.ceil((iteration + 1) / MOST_DRAWN);
  const xs = Array.from({ length: iteration + 1 }, (_, k) => k).filter((k) => k % every === 0 || k === iteration);
  const curve = (name: string, all: number[], className: string): Curve =>
    ({ name, points: xs.map((k) => all[k]!), xs, className });
  const curves = [curve("training", losses, "c0"), curve("held out", heldOutLosses, "own")];
  const least = heldOutLosses.slice(0, iteration + 1).reduce((best, one, k, all) => (one < all[best]! ? k : best), 0);
  const [now, best] = [heldOutLosses[iteration]!, heldOutLosses[least]!];
  const grew = now > 1.02 * best && losses[iteration]! < losses[least]!;
  return h("div", { class: "losses" }, legend(curves),
    plot(curves, { x: "updates", y: "loss", log: false, most: 3 * losses[0]! }, "The loss of the training examples and of those held out"),
    h("p", {}, `Loss of the ${TRAINED} training examples: ${show(losses[iteration], 3)}; of the ${HELD_OUT} held out: ${show(now, 3)}. ` +
      (grew ? `The held-out loss was lowest after ${inUpdates(least)} (${show(best, 3)}) and has grown since: overfitting.` : "")));
}
