/** The layers of the digit classifier, forward and backward, on numbers in plain arrays. */

import { OPERATIONS } from "../engine/operations";

/** Channels × height × width numbers, row by row. */
export interface Maps {
  channels: number;
  height: number;
  width: number;
  data: Float64Array;
}

/** A parameter: its numbers and, after a backward pass, the derivative of the loss by each. */
export interface Parameter {
  name: string;
  shape: number[];
  data: Float64Array;
  gradient: Float64Array;
}

/** One number that another is computed from, with the derivative of the one by the other. */
export interface Link {
  channel: number;
  row: number;
  column: number;
  derivative: number;
}

export interface Layer {
  name: string;
  parameters: Parameter[];
  forward(x: Maps): Maps;
  /** The derivative by the input, from that by the output; gradients of parameters are added up. */
  backward(x: Maps, y: Maps, dy: Maps): Maps;
  /** What the number at a place of the output is computed from. */
  sources(x: Maps, channel: number, row: number, column: number): Link[];
  words: string;
}

export function maps(channels: number, height: number, width: number): Maps {
  return { channels, height, width, data: new Float64Array(channels * height * width) };
}

export function at(x: Maps, channel: number, row: number, column: number): number {
  return x.data[(channel * x.height + row) * x.width + column]!;
}

function like(x: Maps): Maps {
  return maps(x.channels, x.height, x.width);
}

export class Convolution implements Layer {
  readonly parameters: Parameter[];
  readonly words: string;

  constructor(readonly name: string, readonly weight: Parameter, readonly bias: Parameter) {
    this.parameters = [weight, bias];
    const [out, channels, size] = weight.shape;
    this.words = `${size} × ${size} convolution, ${channels} → ${out} channels`;
  }

  forward(x: Maps): Maps {
    const [out, channels, size] = this.weight.shape as [number, number, number];
    const y = maps(out, x.height - size + 1, x.width - size + 1);
    const w = this.weight.data;
    const pixels = y.height * y.width;
    for (let o = 0; o < out; o++) y.data.fill(this.bias.data[o]!, o * pixels, (o + 1) * pixels);
    for (let o = 0, k = 0; o < out; o++) {
      for (let c = 0; c < channels; c++) {
        for (let i = 0; i < size; i++) {
          for (let j = 0; j < size; j++, k++) {
            const weight = w[k]!;
            for (let row = 0; row < y.height; row++) {
              let to = (o * y.height + row) * y.width;
              let from = (c * x.height + row + i) * x.width + j;
              for (let column = 0; column < y.width; column++) y.data[to++]! += weight * x.data[from++]!;
            }
          }
        }
      }
    }
    return y;
  }

  backward(x: Maps, y: Maps, dy: Maps): Maps {
    const [out, channels, size] = this.weight.shape as [number, number, number];
    const dx = like(x);
    const [w, dw, db] = [this.weight.data, this.weight.gradient, this.bias.gradient];
    const pixels = y.height * y.width;
    for (let o = 0; o < out; o++) {
      let sum = 0;
      for (let k = 0; k < pixels; k++) sum += dy.data[o * pixels + k]!;
      db[o]! += sum;
    }
    for (let o = 0, k = 0; o < out; o++) {
      for (let c = 0; c < channels; c++) {
        for (let i = 0; i < size; i++) {
          for (let j = 0; j < size; j++, k++) {
            const weight = w[k]!;
            let sum = 0;
            for (let row = 0; row < y.height; row++) {
              let to = (o * y.height + row) * y.width;
              let from = (c * x.height + row + i) * x.width + j;
              for (let column = 0; column < y.width; column++, to++, from++) {
                const upper = dy.data[to]!;
                sum += upper * x.data[from]!;
                dx.data[from]! += upper * weight;
              }
            }
            dw[k]! += sum;
          }
        }
      }
    }
    return dx;
  }

  sources(_x: Maps, channel: number, row: number, column: number): Link[] {
    const [, channels, size] = this.weight.shape as [number, number, number];
    const found: Link[] = [];
    let k = channel * channels * size * size;
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++, k++) {
          found.push({ channel: c, row: row + i, column: column + j, derivative: this.weight.data[k]! });
        }
      }
    }
    return found;
  }
}

/** Batch normalization with the statistics of training, which stay as they are. */
export class Normalization implements Layer {
  readonly parameters: Parameter[];
  readonly words = "batch normalization with the statistics of training";
  private readonly scale: Float64Array;

  constructor(
    readonly name: string, readonly weight: Parameter, readonly bias: Parameter,
    readonly mean: Float64Array, variance: Float64Array, epsilon = 1e-5,
  ) {
    this.parameters = [weight, bias];
    this.scale = variance.map((one) => 1 / Math.sqrt(one + epsilon));
  }

  forward(x: Maps): Maps {
    const y = like(x);
    const pixels = x.height * x.width;
    for (let c = 0, k = 0; c < x.channels; c++) {
      const factor = this.scale[c]! * this.weight.data[c]!;
      const [mean, bias] = [this.mean[c]!, this.bias.data[c]!];
      for (let p = 0; p < pixels; p++, k++) y.data[k] = (x.data[k]! - mean) * factor + bias;
    }
    return y;
  }

  backward(x: Maps, _y: Maps, dy: Maps): Maps {
    const dx = like(x);
    const pixels = x.height * x.width;
    for (let c = 0, k = 0; c < x.channels; c++) {
      const [scale, mean] = [this.scale[c]!, this.mean[c]!];
      const factor = scale * this.weight.data[c]!;
      let [dw, db] = [0, 0];
      for (let p = 0; p < pixels; p++, k++) {
        const upper = dy.data[k]!;
        dx.data[k] = upper * factor;
        dw += upper * (x.data[k]! - mean) * scale;
        db += upper;
      }
      this.weight.gradient[c]! += dw;
      this.bias.gradient[c]! += db;
    }
    return dx;
  }

  sources(_x: Maps, channel: number, row: number, column: number): Link[] {
    return [{ channel, row, column, derivative: this.scale[channel]! * this.weight.data[channel]! }];
  }
}

const cdf = OPERATIONS["normal-cdf"]!.value;
const density = OPERATIONS["normal-density"]!.value;
const step = OPERATIONS.step!.value;

/** Each number by itself: z·Φ(z), with the derivative Φ(z) + z·φ(z), or max(z, 0). */
export class Activation implements Layer {
  readonly parameters: Parameter[] = [];
  readonly words: string;

  constructor(readonly name: string, readonly kind: "gelu" | "relu") {
    this.words = kind === "gelu" ? "GELU: z·Φ(z)" : "ReLU: max(z, 0)";
  }

  forward(x: Maps): Maps {
    const y = like(x);
    const gelu = this.kind === "gelu";
    for (let k = 0; k < x.data.length; k++) {
      const z = x.data[k]!;
      y.data[k] = gelu ? z * cdf(z) : Math.max(z, 0);
    }
    return y;
  }

  backward(x: Maps, _y: Maps, dy: Maps): Maps {
    const dx = like(x);
    for (let k = 0; k < x.data.length; k++) dx.data[k] = dy.data[k]! * this.slope(x.data[k]!);
    return dx;
  }

  sources(x: Maps, channel: number, row: number, column: number): Link[] {
    return [{ channel, row, column, derivative: this.slope(at(x, channel, row, column)) }];
  }

  private slope(z: number): number {
    return this.kind === "gelu" ? cdf(z) + z * density(z) : step(z);
  }
}

/**
 * How near to the maximum a cell counts as equal, relative to its magnitude, or to that of the
 * window's largest up to 1; as in gradsheet/models/ties.py.
 */
const TIE = 1e-9;

export class MaxPool implements Layer {
  readonly parameters: Parameter[] = [];
  readonly words = "largest of each 2 × 2 window";

  constructor(readonly name: string) {}

  forward(x: Maps): Maps {
    const y = maps(x.channels, Math.floor(x.height / 2), Math.floor(x.width / 2));
    for (let c = 0, k = 0; c < y.channels; c++) {
      for (let row = 0; row < y.height; row++) {
        for (let column = 0; column < y.width; column++, k++) {
          y.data[k] = Math.max(...this.window(x, c, row, column));
        }
      }
    }
    return y;
  }

  backward(x: Maps, y: Maps, dy: Maps): Maps {
    const dx = like(x);
    for (let c = 0, k = 0; c < y.channels; c++) {
      for (let row = 0; row < y.height; row++) {
        for (let column = 0; column < y.width; column++, k++) {
          const place = this.winner(x, c, row, column);
          const index = (c * x.height + 2 * row + (place >> 1)) * x.width + 2 * column + (place & 1);
          dx.data[index]! += dy.data[k]!;
        }
      }
    }
    return dx;
  }

  sources(x: Maps, channel: number, row: number, column: number): Link[] {
    const winner = this.winner(x, channel, row, column);
    return [0, 1, 2, 3].map((place) => ({
      channel, row: 2 * row + (place >> 1), column: 2 * column + (place & 1),
      derivative: place === winner ? 1 : 0,
    }));
  }

  private window(x: Maps, c: number, row: number, column: number): number[] {
    const first = (c * x.height + 2 * row) * x.width + 2 * column;
    return [x.data[first]!, x.data[first + 1]!, x.data[first + x.width]!, x.data[first + x.width + 1]!];
  }

  /** The first cell, row by row, that counts as the maximum: whatever rounding makes of ties. */
  private winner(x: Maps, c: number, row: number, column: number): number {
    const cells = this.window(x, c, row, column);
    const largest = Math.max(...cells);
    const within = Math.min(Math.max(...cells.map(Math.abs)), 1);
    const least = largest - TIE * Math.max(Math.abs(largest), within);
    return cells.findIndex((cell) => cell >= least);
  }
}

export class Average implements Layer {
  readonly parameters: Parameter[] = [];
  readonly words = "mean of each channel";

  constructor(readonly name: string) {}

  forward(x: Maps): Maps {
    const y = maps(x.channels, 1, 1);
    const pixels = x.height * x.width;
    for (let c = 0; c < x.channels; c++) {
      let sum = 0;
      for (let k = c * pixels; k < (c + 1) * pixels; k++) sum += x.data[k]!;
      y.data[c] = sum / pixels;
    }
    return y;
  }

  backward(x: Maps, _y: Maps, dy: Maps): Maps {
    const dx = like(x);
    const pixels = x.height * x.width;
    for (let c = 0; c < x.channels; c++) dx.data.fill(dy.data[c]! / pixels, c * pixels, (c + 1) * pixels);
    return dx;
  }

  sources(x: Maps, channel: number): Link[] {
    const derivative = 1 / (x.height * x.width);
    return Array.from({ length: x.height * x.width }, (_, k) => ({
      channel, row: Math.floor(k / x.width), column: k % x.width, derivative,
    }));
  }
}

export class Linear implements Layer {
  readonly parameters: Parameter[];
  readonly words: string;

  constructor(readonly name: string, readonly weight: Parameter, readonly bias: Parameter) {
    this.parameters = [weight, bias];
    this.words = `linear layer, ${weight.shape[1]} → ${weight.shape[0]}`;
  }

  forward(x: Maps): Maps {
    const [out, inputs] = this.weight.shape as [number, number];
    const y = maps(out, 1, 1);
    for (let o = 0; o < out; o++) {
      let sum = this.bias.data[o]!;
      for (let i = 0; i < inputs; i++) sum += this.weight.data[o * inputs + i]! * x.data[i]!;
      y.data[o] = sum;
    }
    return y;
  }

  backward(x: Maps, _y: Maps, dy: Maps): Maps {
    const [out, inputs] = this.weight.shape as [number, number];
    const dx = like(x);
    for (let o = 0; o < out; o++) {
      const upper = dy.data[o]!;
      this.bias.gradient[o]! += upper;
      for (let i = 0; i < inputs; i++) {
        this.weight.gradient[o * inputs + i]! += upper * x.data[i]!;
        dx.data[i]! += upper * this.weight.data[o * inputs + i]!;
      }
    }
    return dx;
  }

  sources(x: Maps, channel: number): Link[] {
    return Array.from({ length: x.channels }, (_, c) => ({
      channel: c, row: 0, column: 0, derivative: this.weight.data[channel * x.channels + c]!,
    }));
  }
}
