/** Mistakes that people make in the backward pass: one value of it is taken for another. */

import { Apply, Value, add, multiply, type Expression } from "./expression";
import { Network } from "./network";

export interface Mistake {
  /** What was done, in a few words. */
  name: string;
  /** Where to look. */
  hint: string;
  /** What stands in place of which value of the backward pass. */
  edits: Map<Value, Expression>;
}

interface Kind {
  name: string;
  hint: string;
  /** Of a network, every place where the mistake can be made. */
  places: (network: Network) => Iterable<Map<Value, Expression>>;
}

/** Every mistake that can be made in a network, kind after kind. */
export function mistakesOf(network: Network): Mistake[] {
  return KINDS.flatMap(({ name, hint, places }) =>
    [...places(network)].map((edits) => ({ name, hint, edits })));
}

function* hiddenLayers(network: Network): Iterable<number> {
  for (let layer = 0; layer < network.weights.length - 1; layer++) yield layer;
}

function local(network: Network, above: Value, below: Value): Value | undefined {
  return network.locals.get(above)?.get(below);
}

/** In every example the same edit, or none if it is not possible in one of them. */
function inEach(
  network: Network, edit: (example: number) => [Value | undefined, Expression | undefined],
): Map<Value, Expression> | null {
  const edits = new Map<Value, Expression>();
  for (let example = 0; example < network.examples.length; example++) {
    const [right, wrong] = edit(example);
    if (right === undefined || wrong === undefined) return null;
    edits.set(right, wrong);
  }
  return edits;
}

function* only(edits: Map<Value, Expression> | null): Iterable<Map<Value, Expression>> {
  if (edits) yield edits;
}

function* wrongUnit(network: Network): Iterable<Map<Value, Expression>> {
  for (const layer of hiddenLayers(network)) {
    if (network.spec.layers[layer]!.activation === "identity") continue;
    for (let unit = 1; unit < network.weights[layer]!.length; unit++) {
      yield* only(inEach(network, (k) => {
        const { sums, activations } = network.examples[k]!.layers[layer]!;
        const of = (u: number): Value | undefined => local(network, activations[u]!, sums[u]!);
        return [of(unit), of(unit - 1)];
      }));
    }
  }
}

function* slopeLeftOut(network: Network): Iterable<Map<Value, Expression>> {
  for (let layer = 0; layer < network.weights.length; layer++) {
    for (let unit = 0; unit < network.weights[layer]!.length; unit++) {
      yield* only(inEach(network, (k) => {
        const { sums, activations } = network.examples[k]!.layers[layer]!;
        const right = local(network, activations[unit]!, sums[unit]!);
        return [right?.definition === 1 ? undefined : right, 1];
      }));
    }
  }
}

function* sumForActivation(network: Network): Iterable<Map<Value, Expression>> {
  for (const below of hiddenLayers(network)) {
    if (network.spec.layers[below]!.activation === "identity") continue;
    const rows = network.weights[below + 1]!;
    for (const [unit, row] of rows.entries()) {
      for (const [from, weight] of row.entries()) {
        yield* only(inEach(network, (k) => {
          const { layers } = network.examples[k]!;
          const right = local(network, layers[below + 1]!.sums[unit]!, weight);
          return [right, layers[below]!.sums[from]];
        }));
      }
    }
  }
}

function* neighborsSignal(network: Network): Iterable<Map<Value, Expression>> {
  for (const [layer, rows] of network.weights.entries()) {
    for (const [unit, row] of rows.entries()) {
      for (let from = 1; from < row.length; from++) {
        yield* only(inEach(network, (k) => {
          const { inputs, layers } = network.examples[k]!;
          const signals = layer ? layers[layer - 1]!.activations : inputs;
          return [local(network, layers[layer]!.sums[unit]!, row[from]!), signals[from - 1]];
        }));
      }
    }
  }
}

function* misplacedBracket(network: Network): Iterable<Map<Value, Expression>> {
  for (const layer of hiddenLayers(network)) {
    for (let unit = 0; unit < network.weights[layer]!.length; unit++) {
      yield* only(inEach(network, (k) => {
        const { sums, activations } = network.examples[k]!.layers[layer]!;
        const summed = network.gradients.get(activations[unit]!)?.definition;
        const slope = local(network, activations[unit]!, sums[unit]!);
        if (!(summed instanceof Apply) || summed.operation !== "add" || !slope) return [undefined, undefined];
        const terms = [...summed.args];
        const last = terms.pop()!;
        return [network.gradients.get(sums[unit]!), add([...terms, multiply(last, slope)])];
      }));
    }
  }
}

function* swapped(network: Network): Iterable<Map<Value, Expression>> {
  for (const row of network.weights.flat()) {
    for (let from = 1; from < row.length; from++) {
      const [a, b] = [row[from - 1]!, row[from]!].map((weight) => network.gradients.get(weight));
      if (a?.definition && b?.definition) yield new Map([[a, b.definition], [b, a.definition]]);
    }
  }
}

function* signLost(network: Network): Iterable<Map<Value, Expression>> {
  for (const weight of network.weights.flat(2)) {
    const gradient = network.gradients.get(weight);
    if (gradient?.definition) yield new Map([[gradient, new Apply("negate", [gradient.definition])]]);
  }
}

function* updatedWeight(network: Network): Iterable<Map<Value, Expression>> {
  for (const below of hiddenLayers(network)) {
    for (let from = 0; from < network.weights[below]!.length; from++) {
      const edits = new Map<Value, Expression>();
      for (const example of network.examples) {
        const signal = example.layers[below]!.activations[from]!;
        network.weights[below + 1]!.forEach((row, unit) => {
          const right = local(network, example.layers[below + 1]!.sums[unit]!, signal);
          const weight = row[from]!;
          const gradient = network.gradients.get(weight);
          if (!right || !gradient) return;
          const step = new Apply("multiply", [network.rate, gradient]);
          edits.set(right, new Apply("subtract", [weight, step]));
        });
      }
      if (edits.size) yield edits;
    }
  }
}

const KINDS: Kind[] = [
  { name: "local derivative of the wrong unit", places: wrongUnit,
    hint: "Look at the derivatives of the activations: whose activation is it?" },
  { name: "derivative of the activation left out", places: slopeLeftOut,
    hint: "Count the factors along the path: each unit contributes one." },
  { name: "pre-activation in place of the activation", places: sumForActivation,
    hint: "What does the weight multiply: what the unit computes, or what it passes on?" },
  { name: "neighbor's signal in the last factor", places: neighborsSignal,
    hint: "The last factor is what the weight itself multiplies." },
  { name: "misplaced bracket: the derivative multiplies the last term only", places: misplacedBracket,
    hint: "Several paths lead to this unit: what is multiplied by its derivative?" },
  { name: "two gradients swapped", places: swapped,
    hint: "Compare the last factors of neighbors." },
  { name: "wrong sign", places: signLost,
    hint: "In which direction should the weight move?" },
  { name: "weight updated before its old value was used", places: updatedWeight,
    hint: "All gradients belong to the same weights, those before the update." },
];
