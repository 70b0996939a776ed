/** A small network as named values: forward pass, loss, gradients by the chain rule, updates. */

import { Apply, Value, add, divide, instantiate, multiply } from "./expression";
import type { Expression, Kind, Place, Tree } from "./expression";
import table from "./table.json";

export interface Layer {
  weights: number[][];
  activation: string;
  biases: number[];
  train_biases: boolean;
}

export interface Spec {
  inputs: number[][];
  targets: number[][];
  layers: Layer[];
  loss: string;
  optimizer: string;
  name: string;
  title: string;
  /** Settings of the optimizer where they are not the usual ones, by name. */
  settings?: Record<string, number>;
  /** λ of the term ½·λ·Σ w² of the loss, over all weights but no biases. */
  l2?: number;
}

interface Template {
  value: Tree;
  by: Record<string, Tree>;
}

interface Loss extends Template {
  words: string;
  mean: boolean;
  activation: string;
}

export interface Optimizer {
  words: string;
  /** `key`: what a network file calls it. */
  settings: { name: string; key: string; value: number; meaning: string }[];
  memory: Record<string, number>;
  updates: Record<string, Tree>;
}

const ACTIVATIONS = table.activations as unknown as Record<string, Template & { rule: string }>;
const SOFTMAX = table.softmax as unknown as Record<"power" | "logSum" | "activation", Template>;
const LOSSES = table.losses as unknown as Record<string, Loss>;

export const OPTIMIZERS = table.optimizers as unknown as Record<string, Optimizer>;
export const PRESETS = table.presets as unknown as Spec[];
export const ACTIVATION_NAMES = Object.keys(ACTIVATIONS);
export const LOSS_NAMES = Object.keys(LOSSES);

export function lossOf(name: string): { words: string; activation: string } {
  return LOSSES[name]!;
}

/** The scheme of random weights that books advise with an activation. */
export function schemeFor(activation: unknown): string {
  return (table.schemes as Record<string, string>)[activation as string] ?? "xavier";
}

export function ruleOf(activation: string): string {
  return ACTIVATIONS[activation]?.rule ?? "";
}

/** What a layer computes of one example. */
export interface LayerPass {
  sums: Value[];
  activations: Value[];
  shared: Value[];
}

export interface Example {
  inputs: Value[];
  targets: Value[];
  layers: LayerPass[];
  errors: Value[];
  /** Its loss, where it is one of several and has several outputs. */
  loss: Value | null;
}

/** Writes a value's name as text and in textbook notation. */
function symbol(prefix: string, numbers: number[], example?: number): [string, string] {
  const [letter, low] = prefix.includes("_") ? prefix.split("_") : [prefix, ""];
  const mark = example ? `^{(${example})}` : "";
  const subscript = `${low}${numbers.join(",")}`;
  return [
    `${prefix}${numbers.join("_")}${example ? `@${example}` : ""}`,
    `${letter}${subscript ? `_{${subscript}}` : ""}${mark}`,
  ];
}

/** The derivatives of values by those they are computed from; a derivative 0 is left out. */
type Locals = Map<Value, Map<Value, Expression>>;

export class Network {
  readonly given = new Map<Value, number>();
  readonly parameters: Value[] = [];
  readonly weights: Value[][][] = [];
  readonly biases: Value[][] = [];
  readonly examples: Example[] = [];
  readonly forward: Value[] = [];
  readonly loss: Value;
  readonly rate: Value;
  readonly settings: Value[] = [];
  /** Of each value and each one it is computed from, the local derivative. */
  readonly locals = new Map<Value, Map<Value, Value>>();
  readonly gradients = new Map<Value, Value>();
  /** In the order in which they are computed. */
  readonly backward: Value[] = [];
  readonly memory = new Map<Value, number>();
  /** Each parameter or remembered value, and what it is after the update. */
  readonly updates = new Map<Value, Value>();

  private readonly derivatives: Locals = new Map();
  private readonly counts: Record<string, number> = {};

  constructor(readonly spec: Spec) {
    const many = spec.inputs.length > 1;
    const data = spec.inputs.map((inputs, k) => {
      const example = many ? k + 1 : undefined;
      return {
        inputs: this.data("i", "input", inputs, example),
        targets: this.data("t", "target", spec.targets[k]!, example),
      };
    });
    spec.layers.forEach((layer, number) => this.layer(layer, number));
    data.forEach((ends, k) => this.example(ends, many ? k + 1 : undefined));
    this.loss = this.wholeLoss(this.regularizer());
    this.rate = new Value("η", "η", "setting", "learning rate");
    this.backpropagate();
    this.update();
  }

  /** Everything one iteration computes. */
  get values(): Value[] {
    return [...this.forward, ...this.backward, ...this.updates.values()];
  }

  /** The name of a unit's sum, such as h1, h2_1 in deeper networks, o2. */
  unit(layer: number, unit: number): { prefix: string; numbers: number[] } {
    if (layer === this.spec.layers.length - 1) return { prefix: "o", numbers: [unit + 1] };
    const deep = this.spec.layers.length > 2;
    return { prefix: "h", numbers: deep ? [layer + 1, unit + 1] : [unit + 1] };
  }

  private data(prefix: string, kind: Kind, numbers: number[], example?: number): Value[] {
    const where = example ? ` of example ${example}` : "";
    return numbers.map((number, k) => {
      const [name, markup] = symbol(prefix, [k + 1], example);
      const words = kind === "input" ? `input ${k + 1}` : `target of output ${k + 1}`;
      const value = new Value(name, markup, kind, words + where, null, { unit: k, example });
      this.given.set(value, number);
      return value;
    });
  }

  private count(prefix: string, kind: Kind, meaning: string, number: number, place: Place): Value {
    const index = (this.counts[prefix] = (this.counts[prefix] ?? 0) + 1);
    const [name, markup] = symbol(prefix, [index]);
    const value = new Value(name, markup, kind, meaning, null, place);
    this.given.set(value, number);
    return value;
  }

  private layer(layer: Layer, number: number): void {
    const named = (at: number, unit: number, prefix = ""): string => {
      if (at < 0) return `i${unit + 1}`;
      const own = this.unit(at, unit);
      return `${prefix}${own.prefix}${own.numbers.join(",")}`;
    };
    const rows = layer.weights.map((row, unit) =>
      row.map((weight, from) => {
        const words = `from ${named(number - 1, from, "a_")} to ${named(number, unit)}`;
        return this.count("w", "weight", words, weight, { layer: number, unit, from });
      }),
    );
    const shared = layer.biases.length === 1 && layer.weights.length > 1;
    const biases = layer.biases.map((bias, unit) => {
      const words = shared ? "into every unit" : `into ${named(number, unit)}`;
      return this.count("b", "bias", words, bias, { layer: number, unit });
    });
    this.weights.push(rows);
    this.biases.push(biases);
    this.parameters.push(...rows.flat(), ...(layer.train_biases ? biases : []));
  }

  /** Name a computed value, with the derivatives of its definition. */
  private compute(
    name: [string, string], kind: Kind, meaning: string, definition: Expression, place: Place,
    derivatives: (result: Value) => Iterable<[Value, Expression]>,
  ): Value {
    const value = new Value(...name, kind, meaning, definition, place);
    this.derivatives.set(value, new Map(derivatives(value)));
    this.forward.push(value);
    return value;
  }

  private example(ends: { inputs: Value[]; targets: Value[] }, example?: number): void {
    const layers: LayerPass[] = [];
    let signals = ends.inputs;
    this.spec.layers.forEach((layer, number) => {
      layers.push(this.layerPass(layer, number, signals, example));
      signals = layers.at(-1)!.activations;
    });
    const errors = this.errors(ends.targets, layers.at(-1)!, example);
    const { mean } = LOSSES[this.spec.loss]!;
    let loss: Value | null = null;
    if (example && errors.length > 1) {
      const name = symbol("E", [], example);
      const words = `loss of example ${example}`;
      loss = this.compute(name, "loss", words, this.together(errors, mean), { example }, () =>
        errors.map((error) => [error, mean ? 1 / errors.length : 1]),
      );
    }
    this.examples.push({ ...ends, layers, errors, loss });
  }

  private together(errors: Value[], mean: boolean): Expression {
    return mean ? divide(add(errors), errors.length) : add(errors);
  }

  private layerPass(layer: Layer, number: number, signals: Value[], example?: number): LayerPass {
    const own = layer.biases.length > 1 || layer.weights.length === 1;
    const where = example ? `, example ${example}` : "";
    const softmax = layer.activation === "softmax";
    const template = ACTIVATIONS[layer.activation];
    const sums: Value[] = [];
    const activations: Value[] = [];
    const sum = (unit: number): Value => {
      const weights = this.weights[number]![unit]!;
      const bias = this.biases[number]![own ? unit : 0];
      const terms: Expression[] = weights.map((w, k) => new Apply("multiply", [w, signals[k]!]));
      const { prefix, numbers } = this.unit(number, unit);
      const place = { layer: number, unit, example };
      const words = `pre-activation of ${this.words(number, unit)}${where}`;
      const definition = add(bias ? [...terms, bias] : terms);
      return this.compute(symbol(prefix, numbers, example), "sum", words, definition, place, () => [
        ...weights.map((w, k): [Value, Expression] => [w, signals[k]!]),
        ...signals.map((signal, k): [Value, Expression] => [signal, weights[k]!]),
        ...(bias ? [[bias, 1] as [Value, Expression]] : []),
      ]);
    };
    const activate = (unit: number, shared: Value[]): Value => {
      const { prefix, numbers } = this.unit(number, unit);
      const z = sums[unit]!;
      const names: Record<string, Expression> = { z, L: shared[2] ?? 0 };
      const { value, by } = softmax ? SOFTMAX.activation : template!;
      const words = `activation of ${this.words(number, unit)}${where}: ${layer.activation}`;
      const definition = instantiate(value, names);
      const place = { layer: number, unit, example };
      const name = symbol(`a_${prefix}`, numbers, example);
      return this.compute(name, "activation", words, definition, place, (a) =>
        Object.entries(by).map(([below, tree]) => [
          below === "z" ? z : shared[2]!, instantiate(tree, { ...names, a }),
        ]),
      );
    };
    // As in the workbook: a unit after the other; a softmax needs all sums first.
    let shared: Value[] = [];
    if (softmax) {
      layer.weights.forEach((_, unit) => sums.push(sum(unit)));
      shared = this.softmax(sums, number, example);
      layer.weights.forEach((_, unit) => activations.push(activate(unit, shared)));
    } else {
      layer.weights.forEach((_, unit) => {
        sums.push(sum(unit));
        activations.push(activate(unit, []));
      });
    }
    return { sums, activations, shared };
  }

  private words(layer: number, unit: number): string {
    const last = this.spec.layers.length - 1;
    if (layer === last) return `output unit ${unit + 1}`;
    if (last === 1) return `hidden unit ${unit + 1}`;
    return `unit ${unit + 1} of hidden layer ${layer + 1}`;
  }

  private softmax(sums: Value[], layer: number, example?: number): Value[] {
    const place = { layer, example };
    const largest = this.compute(
      symbol("m", [], example), "shared", "the largest pre-activation, so that nothing overflows",
      new Apply("shift", sums), place, () => [],
    );
    const power = (z: Value): Record<string, Expression> => ({ z, m: largest });
    const sum = this.compute(
      symbol("S", [], example), "shared", "sum of the exponentials",
      add(sums.map((z) => instantiate(SOFTMAX.power.value, power(z)))), place,
      () => sums.map((z) => {
        const p = instantiate(SOFTMAX.power.value, power(z));
        return [z, instantiate(SOFTMAX.power.by.z!, { ...power(z), p })];
      }),
    );
    const names = { m: largest, S: sum };
    const logSum = this.compute(
      symbol("L", [], example), "shared", "logarithm of Σ exp(o), whatever m is",
      instantiate(SOFTMAX.logSum.value, names), place,
      (L) => [[sum, instantiate(SOFTMAX.logSum.by.S!, { ...names, L })]],
    );
    return [largest, sum, logSum];
  }

  private errors(targets: Value[], last: LayerPass, example?: number): Value[] {
    const loss = LOSSES[this.spec.loss]!;
    return targets.map((t, unit) => {
      const [z, a, L] = [last.sums[unit]!, last.activations[unit]!, last.shared[2]];
      const names: Record<string, Expression> = { t, z, a, L: L ?? 0 };
      const below: Record<string, Value | undefined> = { z, a, L };
      const name = symbol("E", [unit + 1], example);
      const words = `error of output ${unit + 1}${example ? `, example ${example}` : ""}`;
      const place = { unit, example };
      const definition = instantiate(loss.value, names);
      return this.compute(name, "error", words, definition, place, (E) =>
        Object.entries(loss.by).map(([by, tree]) => [
          below[by]!, instantiate(tree, { ...names, E }),
        ]),
      );
    });
  }

  /** What is added to the loss, if anything. */
  private regularizer(): Value | null {
    if (!this.spec.l2) return null;
    const penalty = new Value("λ", "λ", "setting", "regularization: how much the squares of the weights count");
    this.given.set(penalty, this.spec.l2);
    this.settings.push(penalty);
    const weights = this.weights.flat(2);
    const definition = new Apply("multiply", [0.5, penalty, add(weights.map((w) => new Apply("square", [w])))]);
    const words = "regularization term: half of λ times the squares of the weights";
    return this.compute(["E_reg", "E_{reg}"], "error", words, definition, {}, () =>
      weights.map((w): [Value, Expression] => [w, multiply(penalty, w)]));
  }

  private wholeLoss(regularizer: Value | null): Value {
    const loss = LOSSES[this.spec.loss]!;
    const mean = loss.mean;
    const words = loss.words + (regularizer ? "; plus ½·λ·Σ w²" : "");
    const more = regularizer ? [regularizer] : [];
    const penalized = more.map((one): [Value, Expression] => [one, 1]);
    const name: [string, string] = ["E_total", "E_{total}"];
    if (this.examples.length === 1) {
      const { errors } = this.examples[0]!;
      const definition = add([this.together(errors, mean), ...more]);
      return this.compute(name, "loss", `the loss: ${words}`, definition, {}, () =>
        [...errors.map((error): [Value, Expression] => [error, mean ? 1 / errors.length : 1]), ...penalized],
      );
    }
    const losses = this.examples.map((example) => example.loss ?? example.errors[0]!);
    const text = `the loss: ${words}; the mean over the examples`;
    return this.compute(name, "loss", text, add([divide(add(losses), losses.length), ...more]), {}, () =>
      [...losses.map((one): [Value, Expression] => [one, 1 / losses.length]), ...penalized],
    );
  }

  // --- Backward ----------------------------------------------------------------------------------

  private backpropagate(): void {
    const influenced = new Set<Value>(this.parameters);
    for (const node of this.forward) {
      const below = this.derivatives.get(node)!;
      if ([...below.keys()].some((value) => influenced.has(value))) influenced.add(node);
    }
    const paths = new Map<Value, Expression[]>();
    for (const node of [...this.forward].reverse()) {
      if (node !== this.loss) {
        const found = paths.get(node);
        if (!found) continue; // the loss does not depend on it
        this.gradient(node, found);
      }
      for (const [below, derivative] of this.derivatives.get(node)!) {
        if (!influenced.has(below)) continue;
        const local = this.local(node, below, derivative);
        const path = node === this.loss ? local : multiply(this.gradients.get(node)!, local);
        const known = paths.get(below);
        if (known) known.unshift(path); // in the order of the forward pass
        else paths.set(below, [path]);
      }
    }
    for (const parameter of this.parameters) this.gradient(parameter, paths.get(parameter) ?? [0]);
  }

  private local(node: Value, below: Value, derivative: Expression): Value {
    const name = `d${node.name}/d${below.name}`;
    const markup = `∂${node.markup}/∂${below.markup}`;
    const words = "local derivative";
    const local = new Value(name, markup, "local", words, derivative, node.place, node, below);
    const own = this.locals.get(node) ?? new Map<Value, Value>();
    this.locals.set(node, own.set(below, local));
    this.backward.push(local);
    return local;
  }

  private gradient(value: Value, paths: Expression[]): void {
    const markup = `∂E/∂${value.markup}`;
    const along = paths.length > 1 ? "each path, then add" : "the path";
    const words = `chain rule: multiply along ${along}`;
    const gradient = new Value(
      `dE/d${value.name}`, markup, "gradient", words, add(paths), value.place, null, value,
    );
    this.gradients.set(value, gradient);
    this.backward.push(gradient);
  }

  // --- Update ------------------------------------------------------------------------------------

  private update(): void {
    const rule = OPTIMIZERS[this.spec.optimizer]!;
    const names: Record<string, Expression> = { η: this.rate };
    for (const { name, value, meaning } of rule.settings) {
      const setting = new Value(name, name.replace(/(\d+)/, "_{$1}"), "setting", meaning);
      this.given.set(setting, this.spec.settings?.[name] ?? value);
      this.settings.push(setting);
      names[name] = setting;
    }
    const common = (name: string): boolean => !name.endsWith("w1");
    this.remember(rule, names, common, (name) => [name, name.replace(/(\d+)/, "_{$1}")]);
    for (const parameter of this.parameters) {
      const own: Record<string, Expression> = {
        ...names, w1: parameter, g: this.gradients.get(parameter)!,
      };
      const named = (name: string): [string, string] => [
        name.replace("w1", parameter.name),
        name === "w1" ? parameter.markup : `${name[0]}_{${parameter.name}}`,
      ];
      this.remember(rule, own, (name) => !common(name), named, parameter);
    }
  }

  /** Add what the rule remembers and the updates of it, and of the parameter itself. */
  private remember(
    rule: Optimizer, names: Record<string, Expression>, chosen: (name: string) => boolean,
    named: (name: string) => [string, string], parameter?: Value,
  ): void {
    const place = parameter?.place ?? {};
    for (const [name, start] of Object.entries(rule.memory).filter(([key]) => chosen(key))) {
      const value = new Value(...named(name), "memory", "what the optimizer remembers", null, place);
      names[name] = value;
      this.memory.set(value, start);
    }
    for (const [name, tree] of Object.entries(rule.updates).filter(([key]) => chosen(key))) {
      const [text, markup] = named(name);
      const next = new Value(
        `${text}'`, `${markup}′`, "next", `${text} after the update`,
        instantiate(tree, names), place, null, names[name] as Value,
      );
      names[`${name}'`] = next;
      this.updates.set(names[name] as Value, next);
    }
  }
}
