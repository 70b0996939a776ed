/** Reads networks as JSON from standard input; prints their values and losses as JSON. */

import { readFileSync } from "node:fs";
import { OPERATIONS } from "../src/engine/operations";
import { Network, type Spec } from "../src/engine/network";
import { Trainer } from "../src/engine/training";

interface Case {
  spec: Spec;
  rate: number;
  updates: number;
}

interface Question {
  networks: Case[];
  operations: [string, number[]][];
}

function answer({ spec, rate, updates }: Case) {
  const trainer = new Trainer(new Network(spec));
  let state = trainer.start();
  let values = trainer.evaluate(state, rate);
  const first = Object.fromEntries([...values].map(([value, number]) => [value.name, number]));
  for (let update = 0; update < updates; update++) {
    state = trainer.next(values);
    values = trainer.evaluate(state, rate);
  }
  const last = Object.fromEntries([...state].map(([value, number]) => [value.name, number]));
  return { first, last, losses: [...trainer.losses(rate, updates)] };
}

const question = JSON.parse(readFileSync(0, "utf8")) as Question;
const result = {
  networks: question.networks.map(answer),
  operations: question.operations.map(([name, args]) => {
    const { value } = OPERATIONS[name]!;
    return args.length < 3 ? value(...args) : args.slice(1).reduce((a, b) => value(a, b), args[0]!);
  }),
};
console.log(JSON.stringify(result));
