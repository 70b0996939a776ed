/** Whether what somebody gives is a network, in one sentence if it is not. */

import { ACTIVATION_NAMES, LOSS_NAMES, OPTIMIZERS, lossOf, type Layer, type Spec } from "./network";

export const MOST_WEIGHTS = 1000;
export const MOST_EXAMPLES = 100;
const MOST_VALUES = 60_000;
const LARGEST = 1e15;

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
  const settings = settingsOf(table.settings);
  return {
    inputs, targets, layers, loss, optimizer, ...(settings ? { settings } : {}),
    name: text(table.name, "network"), title: text(table.title, ""),
  };
}

function layerOf(given: unknown, number: number, below: number, last: boolean): Layer {
  const at = `layer ${number}`;
  if (typeof given !== "object" || given === null) throw new Error(`${at} is no table`);
  const table = given as Record<string, unknown>;
  const weights = rows(table.weights, `${at}, weights`);
  if (weights[0]!.length !== below) {
    throw new Error(`${at}: ${weights[0]!.length} weights a unit for ${below} inputs`);
  }
  const names = last ? [...ACTIVATION_NAMES, "softmax"] : ACTIVATION_NAMES;
  const activation = name(table.activation ?? "sigmoid", names, `${at}, activation`);
  const biases = "bias" in table ? numbers([table.bias], `${at}, bias`)
    : numbers(table.biases ?? [], `${at}, biases`);
  if (![0, 1, weights.length].includes(biases.length)) {
    throw new Error(`${at}: ${biases.length} biases for ${weights.length} units; give none, one, or one a unit`);
  }
  return { weights, activation, biases, train_biases: table.train_biases !== false };
}

function settingsOf(given: unknown): Record<string, number> | null {
  if (typeof given !== "object" || given === null) return null;
  const found = Object.entries(given).filter(([, value]) => typeof value === "number" && Number.isFinite(value));
  return found.length ? Object.fromEntries(found) : null;
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

function text(given: unknown, otherwise: string): string {
  return typeof given === "string" ? given.slice(0, 200) : otherwise;
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
  if (width <= outputs) throw new Error(`${width} values a line: expected inputs, then ${outputs} targets`);
  return {
    inputs: read.map((row) => row.slice(0, width - outputs)),
    targets: read.map((row) => row.slice(width - outputs)),
  };
}
