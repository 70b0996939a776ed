/** Random weights, the same from the same seed as those of the command line. */

const [COUNT, MIDDLE] = [624, 397];

/** Python's `random.Random(seed).random`: the Mersenne Twister, 53 bits a number. */
export function generator(seed: bigint): () => number {
  const state = seeded(seed);
  let at = COUNT;
  const word = (): number => {
    if (at >= COUNT) {
      twist(state);
      at = 0;
    }
    let y = state[at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  return () => {
    const [high, low] = [word() >>> 5, word() >>> 6];
    return (high * 0x4000000 + low) / 2 ** 53;
  };
}

function seeded(seed: bigint): Uint32Array {
  const key: number[] = [];
  for (let left = seed < 0n ? -seed : seed; left > 0n || !key.length; left >>= 32n) key.push(Number(left & 0xffffffffn));
  const state = new Uint32Array(COUNT);
  const before = (i: number): number => state[i - 1]! ^ (state[i - 1]! >>> 30);
  state[0] = 19650218;
  for (let i = 1; i < COUNT; i++) state[i] = Math.imul(1812433253, before(i)) + i;
  let [i, j] = [1, 0];
  const next = (): void => {
    if (++i < COUNT) return;
    state[0] = state[COUNT - 1]!;
    i = 1;
  };
  for (let k = Math.max(COUNT, key.length); k; k--, next()) {
    state[i] = (state[i]! ^ Math.imul(before(i), 1664525)) + key[j]! + j;
    j = (j + 1) % key.length;
  }
  for (let k = COUNT - 1; k; k--, next()) state[i] = (state[i]! ^ Math.imul(before(i), 1566083941)) - i;
  state[0] = 0x80000000;
  return state;
}

function twist(state: Uint32Array): void {
  for (let k = 0; k < COUNT; k++) {
    const y = (state[k]! & 0x80000000) | (state[(k + 1) % COUNT]! & 0x7fffffff);
    state[k] = state[(k + MIDDLE) % COUNT]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
  }
}

const BOUNDS: Record<string, (inputs: number, units: number) => number> = {
  xavier: (inputs, units) => Math.sqrt(6 / (inputs + units)),
  he: (inputs) => Math.sqrt(6 / inputs),
};

export const SCHEMES = Object.keys(BOUNDS);

/** Weights of a layer, one row per unit, rounded to four decimals. */
export function drawWeights(scheme: string, inputs: number, units: number, draw: () => number): number[][] {
  const bound = BOUNDS[scheme]!(inputs, units);
  return Array.from({ length: units }, () => Array.from({ length: inputs },
    () => Number((-bound + (bound + bound) * draw()).toFixed(4))));
}
