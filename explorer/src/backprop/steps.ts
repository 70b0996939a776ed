/** One iteration as a list of steps: forward pass, loss, factors of the chain rule, updates. */

import { Apply, Value } from "../engine/expression";
import { Network, ruleOf } from "../engine/network";

export type Phase = "forward pass" | "loss" | "backward pass" | "update";

export interface Step {
  phase: Phase;
  value: Value;
  title: string;
  /** Why the formula is this one. */
  rule: string;
}

export function stepsOf(network: Network): Step[] {
  return [
    ...network.forward.map(forward),
    ...network.backward.map((value) => backward(network, value)),
    ...[...network.updates.values()].map(update),
  ];
}

function forward(value: Value): Step {
  const phase = value.kind === "error" || value.kind === "loss" ? "loss" : "forward pass";
  return { phase, value, title: capital(value.meaning), rule: "" };
}

function backward(network: Network, value: Value): Step {
  if (value.kind === "local") {
    const [of, by] = [value.of!, value.by!];
    const rule = of.kind === "activation" && of.place.layer !== undefined
      ? ruleOf(network.spec.layers[of.place.layer]!.activation) : localRule(of, by);
    return { phase: "backward pass", value, title: "Local derivative: one factor of the chain rule", rule };
  }
  const by = value.by!;
  const what = network.parameters.includes(by) ? "Gradient" : "Derivative of the loss";
  return { phase: "backward pass", value, title: what, rule: value.meaning };
}

function localRule(of: Value, by: Value): string {
  if (of.kind === "sum") {
    if (by.kind === "bias") return "sum rule: the bias is a term of the sum, with derivative 1";
    const other = by.kind === "weight" ? "the value that the weight multiplies" : "its weight";
    return `sum rule and constant-multiple rule: one term contains it, and that term's derivative is ${other}`;
  }
  if (of.kind === "loss" && of.definition instanceof Apply) {
    return of.definition.operation === "add" ? "sum rule" : "constant-multiple rule; sum rule"; // a mean
  }
  return "";
}

function update(value: Value): Step {
  const title = value.by!.kind === "memory" ? "What the optimizer remembers" : "Update";
  return { phase: "update", value, title, rule: "" };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
