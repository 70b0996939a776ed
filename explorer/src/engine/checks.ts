/** Whether what somebody gives is a network, in one sentence if it is not. */

import { ACTIVATION_NAMES, LOSS_NAMES, OPTIMIZERS, lossOf, type Layer, type Spec } from "./network";

export const MOST_WEIGHTS = 1000;
export const MOST_EXAMPLES = 100;
const MOST_VALUES = 60_000;
export const LARGEST = 1e15;
const LONGEST_TEXT = 200;

/** The network, or an error whose message says what is wrong. */
export function checked(given: unknown): Spec {
  if (typeof given !== "object" || given === null) throw new Error("this is no network");
  const table = given as Record<string, unknown>;
  const inputs = rows(table.inputs, "inputs");
  const targets = rows(table.targets, "targets");
  if (inputs.length !== targets.length) {
    throw new Error(`${targets.length} rows of targets for ${inputs.length} rows of inputs`);
  }
  if (inputs.length > MOST_EXAMPLES) {
    throw new Error(`${inputs.length} examples; the page takes at most ${MOST_EXAMPLES}`);
  }
  if (!Array.isArray(table.layers) || !table.layers.length) throw new Error("layers: none given");
  let below = inputs[0]!.length;
  const layers = table.layers.map((layer, k) => {
    const checkedLayer = layerOf(layer, k + 1, below, k + 1 === (table.layers as unknown[]).length);
    below = checkedLayer.weights.length;
    return checkedLayer;
  });
  const count = layers.reduce((sum, layer) => sum + layer.weights.flat().length, 0);
  if (count > MOST_WEIGHTS) {
    throw new Error(`${count.toLocaleString("en")} weights; the page takes at most ${MOST_WEIGHTS.toLocaleString("en")}. ` +
      "gradsheet workbook takes larger ones");
  }
  if (count * inputs.length * 3 > MOST_VALUES) {
    throw new Error(`${count} weights times ${inputs.length} examples are more than the page shows`);
  }
  if (targets[0]!.length !== below) {
    throw new Error(`${targets[0]!.length} targets for ${below} output units`);
  }
  const loss = name(table.loss ?? "half-squared-error", LOSS_NAMES, "loss");
  const optimizer = name(table.optimizer ?? "sgd", Object.keys(OPTIMIZERS), "optimizer");
  const last = layers.at(-1)!.activation;
  const needed = lossOf(loss).activation;
  if (needed && last !== needed) throw new Error(`${loss} needs ${needed} outputs, not ${last}`);
  if (last === "softmax" && loss !== "categorical-cross-entropy" && below < 2) {
    throw new Error("a softmax needs at least two outputs");
  }
  if (needed && targets.flat().some((target) => target < 0 || target > 1)) throw new Error(`${loss} needs targets from 0 to 1`);
  const settings = settingsOf(table.settings, optimizer);
  const l2 = numbers([table.l2 ?? 0], "l2")[0]!;
  if (l2 < 0) throw new Error(`l2: ${l2} given, expected 0 or more`);
  if (l2 && optimizer === "weight-decay") throw new Error("l2: weight-decay shrinks the weights already; use one of the two");
  return {
    inputs, targets, layers, loss, optimizer, ...(settings ? { settings } : {}), ...(l2 ? { l2 } : {}),
    name: text(table.name, "network", "name"), title: text(table.title, "", "title"),
  };
}

function layerOf(given: unknown, number: number, below: number, last: boolean): Layer {
  const at = `layer ${number}`;
  if (typeof given !== "object" || given === null) throw new Error(`${at} is no table`);
  const table = given as Record<string, unknown>;
  const weights = rows(table.weights, `${at}, weights`);
  if (weights[0]!.length !== below) {
    throw new Error(`${at}: ${weights[0]!.length} weights per unit for ${below} inputs`);
  }
  const names = last ? [...ACTIVATION_NAMES, "softmax"] : ACTIVATION_NAMES;
  const activation = name(table.activation ?? "sigmoid", names, `${at}, activation`);
  const biases = "bias" in table ? numbers([table.bias], `${at}, bias`)
    : numbers(table.biases ?? [], `${at}, biases`);
  if (![0, 1, weights.length].includes(biases.length)) {
    throw new Error(`${at}: ${biases.length} biases for ${weights.length} units; give none, one, or one per unit`);
  }
  const { train_biases = true } = table;
  if (typeof train_biases !== "boolean") throw new Error(`${at}, train_biases: expected true or false`);
  return { weights, activation, biases, train_biases };
}

/** Whether a setting is below 1. */
export function isShare(key: string | undefined): boolean {
  return /^(momentum|beta)/.test(key ?? "");
}

/** Those of the optimizer that are not the usual ones. */
function settingsOf(given: unknown, optimizer: string): Record<string, number> | null {
  if (typeof given !== "object" || given === null) return null;
  const found: Record<string, number> = {};
  for (const { name, key, value } of OPTIMIZERS[optimizer]!.settings) {
    if (!(name in given)) continue;
    const number = numbers([(given as Record<string, unknown>)[name]], `optimizer, ${key}`)[0]!;
    if (number < 0 || (isShare(key) && number >= 1)) {
      throw new Error(`optimizer: ${key} is ${number}, expected a number from 0${isShare(key) ? " and below 1" : ""}`);
    }
    if (number !== value) found[name] = number;
  }
  return Object.keys(found).length ? found : null;
}

/** Rows of equally many numbers; a plain list of numbers is one row. */
function rows(given: unknown, field: string): number[][] {
  if (!Array.isArray(given) || !given.length) throw new Error(`${field}: no numbers given`);
  const list: unknown[] = given.some(Array.isArray) ? given : [given];
  const found = list.map((row) => numbers(row, field));
  if (!found[0]!.length) throw new Error(`${field}: no numbers given`);
  if (found.some((row) => row.length !== found[0]!.length)) {
    throw new Error(`${field}: the rows have different lengths`);
  }
  return found;
}

function numbers(given: unknown, field: string): number[] {
  if (!Array.isArray(given)) throw new Error(`${field}: expected a list of numbers`);
  return given.map((value) => {
    const number = typeof value === "bigint" ? Number(value) : value;
    if (typeof number !== "number" || !Number.isFinite(number) || Math.abs(number) > LARGEST) {
      throw new Error(`${field}: ${JSON.stringify(String(value)).slice(0, 30)} is no number that can be used`);
    }
    return number;
  });
}

function name(given: unknown, known: readonly string[], field: string): string {
  if (typeof given === "string" && known.includes(given)) return given;
  throw new Error(`${field}: ${JSON.stringify(String(given)).slice(0, 40)} is unknown; use ${known.join(", ")}`);
}

/** One line, none of its characters a control. */
function text(given: unknown, otherwise: string, field: string): string {
  if (given === undefined) return otherwise;
  if (typeof given !== "string" || given.length > LONGEST_TEXT || !/^(?:[^\p{C}\p{Z}]| )*$/u.test(given)) {
    throw new Error(`${field}: expected one line of at most ${LONGEST_TEXT} characters`);
  }
  return given;
}

/** Examples from pasted lines: numbers separated by commas, semicolons, tabs or spaces. */
export function examplesFrom(pasted: string, outputs: number): { inputs: number[][]; targets: number[][] } {
  const lines = pasted.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  const cells = lines.map((line) => line.split(/[\s,;]+/).filter((cell) => cell !== ""));
  const isHeader = cells.length > 1 && cells[0]!.every((cell) => Number.isNaN(Number(cell)));
  const first = isHeader ? 2 : 1;
  if (isHeader) cells.shift();
  if (!cells.length) throw new Error("no numbers in the pasted lines");
  const read = cells.map((row, k) => row.map((cell) => {
    const number = Number(cell);
    if (!Number.isFinite(number)) throw new Error(`line ${k + first}: ${JSON.stringify(cell).slice(0, 30)} is no number`);
    return number;
  }));
  const width = read[0]!.length;
  if (read.some((row) => row.length !== width)) throw new Error("the lines have different numbers of values");
  if (width <= outputs) throw new Error(`${width} values on a line: expected inputs, then ${outputs} targets`);
  return {
    inputs: read.map((row) => row.slice(0, width - outputs)),
    targets: read.map((row) => row.slice(width - outputs)),
  };
}
