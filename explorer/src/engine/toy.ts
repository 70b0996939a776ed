/** Examples of two inputs and one target that are known from pictures: circle, xor, gaussians, spiral. */

import { generator } from "./random";

export const TOYS = ["circle", "xor", "gaussians", "spiral"] as const;
export const TRAINED = 60;
export const HELD_OUT = 40;
export const MOST_NOISE = 0.5;

export interface Toy {
  kind: (typeof TOYS)[number];
  /** Standard deviation of what is added to each input. */
  noise: number;
  seed: number;
}

export interface Examples {
  inputs: number[][];
  targets: number[][];
}

/** The point number k of so many, its label, before noise; `draw` gives numbers from 0 to 1. */
const POINTS: Record<Toy["kind"], (k: number, count: number, draw: () => number) => [number, number, number]> = {
  circle: (k, _, draw) => {
    const [radius, angle] = [k % 2 ? 0.5 * Math.sqrt(draw()) : 0.75 + 0.25 * draw(), 2 * Math.PI * draw()];
    return [radius * Math.cos(angle), radius * Math.sin(angle), k % 2];
  },
  xor: (k, _, draw) => {
    const [x, y, side] = [0.1 + 0.9 * draw(), 0.1 + 0.9 * draw(), draw() < 0.5 ? 1 : -1];
    return [side * x, (k % 2 ? -side : side) * y, k % 2];
  },
  gaussians: (k, _, draw) => {
    const [right, up] = normal(draw);
    const center = k % 2 ? 0.5 : -0.5;
    return [center + 0.2 * right, center + 0.2 * up, k % 2];
  },
  spiral: (k, count, draw) => {
    const along = (k + draw()) / count;
    const angle = 3 * Math.PI * along + (k % 2 ? Math.PI : 0);
    return [along * Math.cos(angle), along * Math.sin(angle), k % 2];
  },
};

/** Two independent numbers of the standard normal distribution (Box and Muller). */
function normal(draw: () => number): [number, number] {
  const [size, angle] = [Math.sqrt(-2 * Math.log(1 - draw())), 2 * Math.PI * draw()];
  return [size * Math.cos(angle), size * Math.sin(angle)];
}

/** The examples to train on, and others of the same kind that are held out. */
export function examplesOf(toy: Toy): { trained: Examples; heldOut: Examples } {
  const draw = generator(BigInt(toy.seed));
  const some = (count: number): Examples => {
    const points = Array.from({ length: count }, (_, k) => {
      const [x, y, label] = POINTS[toy.kind](k, count, draw);
      const [right, up] = normal(draw);
      return [Number((x + toy.noise * right).toFixed(3)), Number((y + toy.noise * up).toFixed(3)), label];
    });
    return { inputs: points.map(([x, y]) => [x!, y!]), targets: points.map(([, , label]) => [label!]) };
  };
  return { trained: some(TRAINED), heldOut: some(HELD_OUT) };
}

/** What somebody gives as a toy, or null where it is none. */
export function toyFrom(given: unknown): Toy | null {
  if (!Array.isArray(given)) return null;
  const [name, noise, seed] = given as unknown[];
  const kind = TOYS.find((one) => one === name);
  if (!kind || typeof noise !== "number" || !(noise >= 0 && noise <= MOST_NOISE)) return null;
  return typeof seed === "number" && Number.isInteger(seed) && seed >= 0 && seed < 1e9 ? { kind, noise, seed } : null;
}
