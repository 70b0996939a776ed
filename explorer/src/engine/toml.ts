/** A network file as the command line opens it: the same fields, the same random weights. */

import { parse } from "smol-toml";
import { checked } from "./checks";
import { OPTIMIZERS, schemeFor, type Spec } from "./network";
import { SCHEMES, drawWeights, generator } from "./random";

type Table = Record<string, unknown>;

const FIELDS = [
  "name", "title", "inputs", "targets", "loss", "l2", "optimizer", "learning_rates", "updates", "seed", "layers",
];
const LAYER_FIELDS = ["units", "activation", "weights", "bias", "biases", "train_biases"];
const MOST_DRAWN = 20_000;

export interface NetworkFile {
  spec: Spec;
  /** Those to train at; none where the file names none. */
  rates: number[];
}

/** The network that a text describes, or an error whose message says what is wrong. */
export function fromToml(text: string): NetworkFile {
  const table: Table = parse(text, { integersAsBigInt: true });
  if ("optimiser" in table && !("optimizer" in table)) { // as earlier versions wrote it
    table.optimizer = table.optimiser;
    delete table.optimiser;
  }
  known(table, FIELDS, "");
  for (const field of ["inputs", "targets"]) {
    if (typeof table[field] === "string") throw new Error(`${field}: the page cannot open a CSV file; paste its lines under examples`);
  }
  if (!Array.isArray(table.layers) || !table.layers.every(isTable)) throw new Error("layers: expected one [[layers]] table for each layer");
  const { seed = 0n, updates = 1n } = table;
  if (typeof seed !== "bigint") throw new Error("seed: expected a whole number");
  if (typeof updates !== "bigint" || updates < 0n) throw new Error("updates: expected a whole number, at least 1");
  const rates = table.learning_rates === undefined ? [] : rows([table.learning_rates], "learning_rates")[0]!;
  if (rates.some((rate) => !(rate > 0)) || new Set(rates).size < rates.length) throw new Error("learning_rates: expected numbers above 0, each once");
  const draw = generator(seed);
  let width = Array.isArray(table.inputs) ? (Array.isArray(table.inputs[0]) ? table.inputs[0] : table.inputs).length : 0;
  const layers = table.layers.map((layer: Table, k) => {
    const weights = weightsOf(layer, k + 1, width, draw);
    width = weights.length;
    return { ...layer, weights };
  });
  return { spec: checked({ ...table, ...optimizerOf(table.optimizer ?? "sgd"), layers }), rates };
}

function weightsOf(layer: Table, number: number, width: number, draw: () => number): number[][] {
  const at = `layer ${number}, `;
  known(layer, LAYER_FIELDS, at);
  if ("bias" in layer && "biases" in layer) throw new Error(`${at}biases: bias (shared) and biases (one per unit) exclude each other`);
  const { units, weights = schemeFor(layer.activation ?? "sigmoid") } = layer;
  if (Array.isArray(weights)) {
    const given = rows(weights, `${at}weights`);
    if (units !== undefined && units !== BigInt(given.length)) throw new Error(`${at}units: ${String(units)} announced, but weights has ${given.length} rows`);
    return given;
  }
  if (!SCHEMES.includes(weights as string)) throw new Error(`${at}weights: expected rows of numbers or ${SCHEMES.join(" or ")}`);
  if (units === undefined) throw new Error(`${at}weights: missing; give rows of numbers, or units to draw them`);
  if (typeof units !== "bigint" || units < 1n || units * BigInt(Math.max(width, 1)) > MOST_DRAWN) {
    throw new Error(`${at}units: expected a whole number, and at most ${MOST_DRAWN} weights`);
  }
  return drawWeights(weights as string, width, Number(units), draw);
}

/** The name and the settings of "adam" or { name = "adam", beta1 = 0.8 }. */
function optimizerOf(given: unknown): { optimizer: unknown; settings?: Record<string, unknown> } {
  if (!isTable(given)) return { optimizer: given };
  const { name, ...settings } = given;
  if (typeof name !== "string") throw new Error("optimizer: expected a name, such as { name = \"adam\", beta1 = 0.8 }");
  const rule = OPTIMIZERS[name];
  if (!rule) return { optimizer: name };
  known(settings, rule.settings.map(({ key }) => key), `optimizer ${name}, `);
  return { optimizer: name, settings: Object.fromEntries(rule.settings.filter(({ key }) => key in settings)
    .map((setting) => [setting.name, settings[setting.key]])) };
}

function rows(given: unknown[], field: string): number[][] {
  return given.map((row) => {
    if (!Array.isArray(row)) throw new Error(`${field}: expected a list of numbers`);
    return row.map((one) => {
      if (typeof one !== "number" && typeof one !== "bigint") throw new Error(`${field}: ${String(one).slice(0, 30)} is no number`);
      return Number(one);
    });
  });
}

function known(table: Table, fields: string[], at: string): void {
  const other = Object.keys(table).find((field) => !fields.includes(field));
  if (other !== undefined) throw new Error(`${at}${other.slice(0, 40)}: unknown; expected one of ${fields.join(", ") || "none"}`);
}

function isTable(given: unknown): given is Table {
  return typeof given === "object" && given !== null && !Array.isArray(given) && !(given instanceof Date);
}
