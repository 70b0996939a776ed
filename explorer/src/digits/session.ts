/** What the page shows: an image, its forward pass, a label and the backward pass to it. */

import { Classifier, SIDE, bytes, lossOf, normalized, softmax, type Data } from "./classifier";
import { maps, type Link, type Maps } from "./layers";
import type { Place } from "./view";

export interface Sample {
  image: Uint8Array;
  label: number;
  index: number;
}

export class Session {
  readonly model: Classifier;
  readonly samples: Sample[];
  image: Uint8Array;
  label: number;
  values!: Maps[];
  gradients!: Maps[];
  probabilities!: Float64Array;
  steps = 0;
  /** Computed once it is asked for. */
  private byLogit: Maps[] | null = null;

  constructor(data: Data) {
    this.model = new Classifier(data);
    const all = bytes(data.images);
    this.samples = data.labels.map((label, k) => ({
      image: all.slice(k * SIDE * SIDE, (k + 1) * SIDE * SIDE), label, index: data.indexes[k]!,
    }));
    const first = this.samples.at(-1)!;
    this.image = first.image;
    this.label = first.label;
    this.compute();
  }

  get digit(): number {
    return this.probabilities.indexOf(Math.max(...this.probabilities));
  }

  get loss(): number {
    return lossOf(this.values.at(-1)!, this.label);
  }

  take(image: Uint8Array, label?: number): void {
    this.image = image;
    this.values = this.model.forward(normalized(image));
    const logits = this.values.at(-1)!.data;
    this.label = label ?? logits.indexOf(Math.max(...logits));
    this.compute();
  }

  choose(label: number): void {
    this.label = label;
    this.compute();
  }

  /** One step of SGD on this image and label alone. */
  learn(rate: number): void {
    this.model.step(rate);
    this.steps += 1;
    this.compute();
  }

  /** Steps until the label is the answer, at most so many; how many it took, or -1. */
  learnUntilRight(rate: number, most: number): number {
    for (let step = 0; step <= most; step++) {
      if (this.digit === this.label) return step;
      if (step < most) this.learn(rate);
    }
    return -1;
  }

  reset(): void {
    this.model.reset();
    this.steps = 0;
    this.compute();
  }

  /** How many of the test digits on the page are classified rightly with the weights as they are. */
  correct(): number {
    return this.samples.filter(({ image, label }) => this.model.classify(image).digit === label).length;
  }

  /** The path of strongest influence from a number of a layer to the logit of the label. */
  path(layer: number, place: Place): { layer: number; place: Place; value: number; derivative: number }[] {
    const { layers } = this.model;
    const byLogit = this.byLogit ??= this.derivativesOfLogit();
    const found = [this.node(layer, place, 0)];
    for (let k = layer, here = place; k < layers.length; k++) {
      const next = this.strongest(k, here, byLogit[k + 1]!);
      if (!next) break;
      found.push(this.node(k + 1, next.place, next.derivative));
      here = next.place;
    }
    return found;
  }

  /** The smallest change of the pixels along the gradient that makes another digit of it. */
  adversary(target: number): { image: Uint8Array; digit: number; largest: number } {
    const pixels = Float64Array.from(this.image);
    let digit = this.digit;
    for (let step = 0; step < 60 && digit !== target; step++) {
      const values = this.model.forward(normalized(pixels));
      const gradient = this.model.backward(values, target)[0]!.data;
      const most = Math.max(...gradient.map(Math.abs)) || 1;
      for (let k = 0; k < pixels.length; k++) {
        pixels[k] = Math.min(255, Math.max(0, pixels[k]! - (8 * gradient[k]!) / most));
      }
      digit = this.model.classify(pixels.map(Math.round)).digit;
    }
    const image = Uint8Array.from(pixels, Math.round);
    const largest = Math.max(...image.map((value, k) => Math.abs(value - this.image[k]!)));
    this.compute();
    return { image, digit, largest };
  }

  /** What a number of layer `layer` (0: the input) is computed from. */
  sources(layer: number, place: Place): Link[] {
    if (layer === 0) return [];
    const { channel, row, column } = place;
    return this.model.layers[layer - 1]!.sources(this.values[layer - 1]!, channel, row, column);
  }

  /** The derivative of the label's logit by every number. */
  private derivativesOfLogit(): Maps[] {
    const upper = maps(10, 1, 1);
    upper.data[this.label] = 1;
    const found = this.model.backwardFrom(this.values, upper);
    this.model.backward(this.values, this.label); // the parameters hold the gradients on show
    return found;
  }

  private compute(): void {
    this.byLogit = null;
    this.values = this.model.forward(normalized(this.image));
    this.probabilities = softmax(this.values.at(-1)!);
    this.gradients = this.model.backward(this.values, this.label);
  }

  private node(layer: number, place: Place, derivative: number) {
    return { layer, place, value: valueAt(this.values[layer]!, place), derivative };
  }

  /** Of the numbers of the next layer that one flows into, the one with most influence on the logit. */
  private strongest(layer: number, place: Place, byLogit: Maps): { place: Place; derivative: number } | null {
    let best: { place: Place; derivative: number } | null = null;
    let most = 0;
    const x = this.values[layer]!;
    for (const target of this.targets(layer, place, byLogit)) {
      const links = this.model.layers[layer]!.sources(x, target.channel, target.row, target.column);
      const link = links.find((one) => one.channel === place.channel && one.row === place.row && one.column === place.column);
      if (!link) continue;
      const influence = Math.abs(link.derivative * valueAt(byLogit, target));
      if (influence > most) {
        most = influence;
        best = { place: target, derivative: link.derivative };
      }
    }
    return best;
  }

  /** The numbers of the next layer that a number may flow into. */
  private *targets(layer: number, { channel, row, column }: Place, next: Maps): Iterable<Place> {
    const here = this.values[layer]!;
    const kind = this.model.layers[layer]!;
    if (next.height === 1 && here.height > 1) yield { channel, row: 0, column: 0 };
    else if (!kind.parameters.length || kind.parameters[0]!.shape.length === 1) {
      const half = next.height < here.height ? 2 : 1;
      const place = { channel, row: Math.floor(row / half), column: Math.floor(column / half) };
      if (place.row < next.height && place.column < next.width) yield place;
    } else {
      const size = here.height - next.height + 1;
      for (let out = 0; out < next.channels; out++) {
        for (let r = Math.max(0, row - size + 1); r <= Math.min(row, next.height - 1); r++) {
          for (let c = Math.max(0, column - size + 1); c <= Math.min(column, next.width - 1); c++) {
            yield { channel: out, row: r, column: c };
          }
        }
      }
    }
  }
}

export function valueAt(x: Maps, { channel, row, column }: Place): number {
  return x.data[(channel * x.height + row) * x.width + column]!;
}
