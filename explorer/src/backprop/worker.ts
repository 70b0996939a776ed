/** The spreadsheet engine of the page: the inputs and the training sheet of one workbook, recalculated. */

import { Model, initSync } from "@ironcalc/wasm";

const INPUTS = 0;
const TRAINING = 1;

export type Request =
  | { wasm: ArrayBuffer }
  | { workbook: ArrayBuffer }
  | { inputs: [row: number, column: number, value: number][]; table: Table }
  | { formula: [row: number, column: number] };

/** The rows of the training sheet. */
export interface Table {
  row: number;
  column: number;
  rows: number;
  columns: number;
}

export type Reply = { cells: string[][]; milliseconds: number } | { formula: string };

let model: Model;

/** Type the inputs in and recalculate; the training sheet as it shows. */
export function typed(sheets: Model, inputs: [number, number, number][], table: Table): string[][] {
  sheets.pauseEvaluation();
  for (const [row, column, value] of inputs) sheets.setUserInput(INPUTS, row, column, String(value));
  sheets.resumeEvaluation();
  sheets.evaluate();
  return Array.from({ length: table.rows }, (_, k) => Array.from({ length: table.columns }, (_, n) =>
    sheets.getFormattedCellValue(TRAINING, table.row + k, table.column + n)));
}

if (typeof self !== "undefined" && typeof document === "undefined") {
  self.onmessage = ({ data }: MessageEvent<Request>) => {
    if ("wasm" in data) initSync({ module: data.wasm });
    else if ("workbook" in data) model = Model.from_bytes(new Uint8Array(data.workbook), "en");
    else if ("formula" in data) {
      const [row, column] = data.formula;
      self.postMessage({ formula: model.getCellContent(TRAINING, row, column) } satisfies Reply);
    } else {
      const started = performance.now();
      const cells = typed(model, data.inputs, data.table);
      self.postMessage({ cells, milliseconds: performance.now() - started } satisfies Reply);
    }
  };
}
