/** The presets' training sheets, by the page's spreadsheet engine: their losses as JSON, with every digit. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Model, initSync } from "@ironcalc/wasm";
import { typed } from "../src/backprop/worker";
import sheets from "../src/backprop/sheets.json";

const [folder, questions] = process.argv.slice(2);
const unpack = (name: string): Buffer => gunzipSync(readFileSync(`${folder}/${name}.gz`));

interface Question {
  preset: string;
  given: Record<string, number>;
  loss: string;
}

initSync({ module: unpack("ironcalc.wasm") });
const answers = (JSON.parse(readFileSync(questions!, "utf8")) as Question[]).map(({ preset, given, loss }) => {
  const model = Model.from_bytes(unpack(`${preset}.icalc`), "en");
  const { inputs, columns, first, updates } = sheets[preset as keyof typeof sheets];
  const [row, left] = first as [number, number];
  const column = left + columns.indexOf(loss);
  model.updateRangeStyle({ sheet: 1, row, column, width: 1, height: updates + 1 }, "num_fmt", "0.0000000000000000E+00");
  const places: Record<string, number[]> = inputs;
  const numbers = Object.entries(given).map(([name, value]): [number, number, number] => [places[name]![0]!, places[name]![1]!, value]);
  return typed(model, numbers, { row, column, rows: updates + 1, columns: 1 }).map(([text]) => Number(text));
});
console.log(JSON.stringify(answers));
