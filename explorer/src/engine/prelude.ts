/** The functions of C's math.h that the table's code uses, in JavaScript. */

export const { PI, exp, log, log1p, sqrt, tanh, abs: fabs, max: fmax } = Math;

export function square(x: number): number {
  return x * x;
}

const SERIES_UP_TO = 2.5;

/** The complementary error function, to about 1e-13 of its value. */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  return x < SERIES_UP_TO ? 1 - erfOfSeries(x) : erfcOfFraction(x);
}

/** exp(−x²)·2/√π·Σ 2ⁿ·x²ⁿ⁺¹/(1·3·…·(2n + 1)): all terms are positive, so that no digits cancel. */
function erfOfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > 1e-17 * sum; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / sqrt(PI)) * exp(-x * x) * sum;
}

/** exp(−x²)/√π divided by the continued fraction x + (1/2)/(x + 1/(x + (3/2)/(x + …))). */
function erfcOfFraction(x: number): number {
  let fraction = x;
  for (let n = 100; n > 0; n--) fraction = x + n / 2 / fraction;
  return exp(-x * x) / sqrt(PI) / fraction;
}
