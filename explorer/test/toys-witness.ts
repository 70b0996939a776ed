/** Reads toy examples as JSON from standard input; trains a network on each, prints it with its losses. */

import { readFileSync } from "node:fs";
import { fromHash, toHash } from "../src/backprop/address";
import { Model } from "../src/backprop/model";
import { PRESETS } from "../src/engine/network";
import { examplesOf, type Toy } from "../src/engine/toy";

const { toys, updates } = JSON.parse(readFileSync(0, "utf8")) as { toys: Toy[]; updates: number };
const xor = PRESETS.find(({ name }) => name === "xor")!;
console.log(JSON.stringify(toys.map((toy) => {
  const { trained, heldOut } = examplesOf(toy);
  const model = new Model({ ...xor, ...trained });
  model.load(model.spec, toy);
  model.goToIteration(updates);
  const again = new Model();
  fromHash(again, toHash(model));
  return {
    heldOut, spec: model.spec, rate: model.rate, losses: model.losses, heldOutLosses: model.heldOutLosses,
    parameters: model.network.parameters.map((one) => model.state.get(one)!),
    again: [again.iteration, again.heldOutLosses.at(-1), again.toy],
  };
})));
