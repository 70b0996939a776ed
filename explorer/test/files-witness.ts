/** Network files opened and written by the pages: JSON from standard input, JSON to standard output. */

import { readFileSync } from "node:fs";
import { toPyTorch, toToml } from "../src/engine/exports";
import { fromToml } from "../src/engine/toml";

const question = JSON.parse(readFileSync(0, "utf8")) as { texts: string[]; rate: number };

console.log(JSON.stringify(question.texts.map((text) => {
  try {
    const { spec, rates } = fromToml(text);
    return { spec, rates, toml: toToml(spec), torch: toPyTorch(spec, question.rate) };
  } catch (error) {
    return { error: (error as Error).message };
  }
})));
