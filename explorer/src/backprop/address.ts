/** The page's state in its address, so that a link shows the same network at the same step. */

import { checked } from "../engine/checks";
import { PRESETS, type Spec } from "../engine/network";
import { toyFrom } from "../engine/toy";
import type { Model } from "./model";

export function toHash(model: Model): string {
  const preset = PRESETS.find((one) => JSON.stringify(one) === JSON.stringify(model.spec));
  const what = preset ? preset.name : model.spec;
  const { rate, iteration, step, toy } = model;
  const state = [what, rate, iteration, step, ...(toy ? [[toy.kind, toy.noise, toy.seed]] : [])];
  return encode(JSON.stringify(state));
}

/** Take the state of an address; one that is damaged changes nothing. */
export function fromHash(model: Model, hash: string): void {
  if (!hash || hash.length > 100_000) return;
  try {
    const [what, rate, iteration, step, toy] = JSON.parse(decode(hash)) as unknown[];
    const spec = typeof what === "string" ? PRESETS.find((one) => one.name === what) : checked(what);
    if (!spec) return;
    model.load(spec, isPair(spec) ? toyFrom(toy) : null);
    if (typeof rate === "number" && rate > 0 && rate <= 1000) model.setRate(rate);
    if (typeof iteration === "number") model.goToIteration(iteration);
    if (typeof step === "number" && step < model.steps.length) model.goToStep(Math.floor(step));
  } catch {
    // Somebody else's fragment.
  }
}

/** Whether it has the two inputs and the one target of a toy. */
function isPair({ inputs, targets }: Spec): boolean {
  return inputs[0]!.length === 2 && targets[0]!.length === 1;
}

function encode(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decode(text: string): string {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0)));
}
