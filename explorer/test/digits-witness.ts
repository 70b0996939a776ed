/** The classifier on images from a file: logits of each, and gradients of the first ones, as JSON. */

import { readFileSync } from "node:fs";
import { Classifier, normalized, type Data } from "../src/digits/classifier";

const [dataPath, imagesPath, labelsPath, gradients] = process.argv.slice(2);
const model = new Classifier(JSON.parse(readFileSync(dataPath!, "utf8")) as Data);
const images = readFileSync(imagesPath!);
const labels = readFileSync(labelsPath!);
const cpu = (): number => process.cpuUsage().user / 1000;
let started = cpu();
const logits = Array.from(labels, (_, k) =>
  [...model.forward(normalized(images.subarray(k * 784, (k + 1) * 784))).at(-1)!.data]);
const milliseconds = (cpu() - started) / labels.length;
started = cpu();
const backward = Array.from({ length: Number(gradients) }, (_, k) => {
  const values = model.forward(normalized(images.subarray(k * 784, (k + 1) * 784)));
  const input = model.backward(values, labels[k]!)[0]!;
  const found: Record<string, number[]> = { input: [...input.data] };
  for (const { name, gradient } of model.parameters) found[name] = [...gradient];
  return found;
});
const backwardMilliseconds = (cpu() - started) / Math.max(backward.length, 1);
console.log(JSON.stringify({ logits, backward, milliseconds, backwardMilliseconds }));
