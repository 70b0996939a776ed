/** The digit classifier: its weights, its forward pass, its gradients and a step of SGD. */

import {
  Activation, Average, Convolution, Linear, MaxPool, Normalization, maps, type Layer, type Maps,
  type Parameter,
} from "./layers";

export interface Data {
  architecture: { activation: "gelu" | "relu"; order: string; activate_last: boolean };
  tensors: Record<string, { shape: number[]; data: string }>;
  images: string;
  labels: number[];
  indexes: number[];
}

export const SIDE = 28;
const [MEAN, DEVIATION] = [0.1307, 0.3081]; // of MNIST's training images, from 0 to 1

export function bytes(text: string): Uint8Array {
  const binary = atob(text);
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

function numbers(text: string): Float64Array {
  const raw = bytes(text);
  return Float64Array.from(new Float32Array(raw.buffer));
}

/** The network's input from an image, 0 background to 255 ink. */
export function normalized(image: ArrayLike<number>): Maps {
  const x = maps(1, SIDE, SIDE);
  for (let k = 0; k < SIDE * SIDE; k++) x.data[k] = (image[k]! / 255 - MEAN) / DEVIATION;
  return x;
}

export function softmax(logits: Maps): Float64Array {
  const largest = Math.max(...logits.data);
  const powers = logits.data.map((one) => Math.exp(one - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((one) => one / sum);
}

/** Cross-entropy of the label in nats. */
export function lossOf(logits: Maps, label: number): number {
  const largest = Math.max(...logits.data);
  const sum = logits.data.reduce((total, one) => total + Math.exp(one - largest), 0);
  return largest + Math.log(sum) - logits.data[label]!;
}

export class Classifier {
  readonly layers: Layer[] = [];
  readonly parameters: Parameter[];
  private readonly original: Float64Array[];

  constructor(data: Data) {
    const { activation, order, activate_last: last } = data.architecture;
    const parameter = (name: string): Parameter => {
      const { shape, data: text } = data.tensors[name]!;
      const values = numbers(text);
      return { name, shape, data: values, gradient: new Float64Array(values.length) };
    };
    const pair = (name: string): [Parameter, Parameter] => [
      parameter(`${name}.weight`), parameter(`${name}.bias`),
    ];
    for (const k of [1, 2, 3]) {
      const norm = new Normalization(`norm${k}`, ...pair(`norm${k}`),
        numbers(data.tensors[`norm${k}.running_mean`]!.data),
        numbers(data.tensors[`norm${k}.running_var`]!.data));
      const pool = k === 2 ? [new MaxPool("pool2")] : [];
      const act = new Activation(`${activation}${k}`, activation);
      this.layers.push(new Convolution(`conv${k}`, ...pair(`conv${k}`)));
      this.layers.push(...(order === "activation-norm-pool" ? [act, norm, ...pool] : [...pool, norm, act]));
    }
    this.layers.push(new Convolution("conv4", ...pair("conv4")));
    if (last) this.layers.push(new Activation(`${activation}4`, activation));
    this.layers.push(new Average("average"), new Linear("linear", ...pair("linear")));
    this.parameters = this.layers.flatMap((layer) => layer.parameters);
    this.original = this.parameters.map((one) => one.data.slice());
  }

  /** The input, then the output of each layer; the last one is the logits. */
  forward(image: Maps): Maps[] {
    const values = [image];
    for (const layer of this.layers) values.push(layer.forward(values.at(-1)!));
    return values;
  }

  /** The derivative of the loss by the input and by each layer's output; parameters hold theirs. */
  backward(values: Maps[], label: number): Maps[] {
    const upper = maps(10, 1, 1);
    softmax(values.at(-1)!).forEach((p, k) => { upper.data[k] = p - (k === label ? 1 : 0); });
    return this.backwardFrom(values, upper);
  }

  /** Likewise from any derivative by the logits, of one logit for example. */
  backwardFrom(values: Maps[], upper: Maps): Maps[] {
    for (const { gradient } of this.parameters) gradient.fill(0);
    const found = [upper];
    for (let k = this.layers.length - 1; k >= 0; k--) {
      found.unshift(this.layers[k]!.backward(values[k]!, values[k + 1]!, found[0]!));
    }
    return found;
  }

  /** One step against the gradients that the parameters hold. */
  step(rate: number): void {
    for (const { data, gradient } of this.parameters) {
      for (let k = 0; k < data.length; k++) data[k]! -= rate * gradient[k]!;
    }
  }

  /** The weights as they were trained. */
  reset(): void {
    this.parameters.forEach(({ data }, k) => data.set(this.original[k]!));
  }

  /** How far each parameter is from where it was trained to. */
  moved(): { name: string; changes: Float64Array }[] {
    return this.parameters.map(({ name, data }, k) => ({
      name, changes: data.map((value, i) => value - this.original[k]![i]!),
    }));
  }

  classify(image: ArrayLike<number>): { digit: number; probabilities: Float64Array } {
    const probabilities = softmax(this.forward(normalized(image)).at(-1)!);
    return { digit: probabilities.indexOf(Math.max(...probabilities)), probabilities };
  }
}
