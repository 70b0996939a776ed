/** A drawing as an image like those of MNIST: 20 × 20, its center of mass in the middle of 28 × 28. */

import { SIDE } from "./classifier";

const BOX = 20;

/** Ink from 0 to 255 on a square canvas; null where nothing was drawn. */
export function preprocess(ink: Uint8ClampedArray | Uint8Array, side: number): Uint8Array | null {
  let [top, bottom, left, right] = [side, -1, side, -1];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      if (ink[row * side + column]! > 50) {
        top = Math.min(top, row);
        bottom = Math.max(bottom, row);
        left = Math.min(left, column);
        right = Math.max(right, column);
      }
    }
  }
  if (bottom < 0) return null;
  const [height, width] = [bottom - top + 1, right - left + 1];
  const scale = BOX / Math.max(height, width);
  const rows = Math.max(1, Math.round(height * scale));
  const columns = Math.max(1, Math.round(width * scale));
  const small = new Float64Array(rows * columns);
  let [mass, massRow, massColumn] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = meanOf(ink, side, top + (row * height) / rows, top + ((row + 1) * height) / rows,
        left + (column * width) / columns, left + ((column + 1) * width) / columns);
      small[row * columns + column] = value;
      mass += value;
      massRow += value * (row + 0.5);
      massColumn += value * (column + 0.5);
    }
  }
  const place = (center: number, length: number): number =>
    Math.min(Math.max(Math.round(SIDE / 2 - center), 0), SIDE - length);
  const [y, x] = [place(massRow / mass, rows), place(massColumn / mass, columns)];
  const image = new Uint8Array(SIDE * SIDE);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      image[(y + row) * SIDE + x + column] = Math.round(small[row * columns + column]!);
    }
  }
  return image;
}

/** The mean of the pixels that a rectangle covers, in part or whole. */
function meanOf(
  ink: Uint8ClampedArray | Uint8Array, side: number, top: number, bottom: number, left: number, right: number,
): number {
  let [sum, area] = [0, 0];
  for (let row = Math.floor(top); row < bottom; row++) {
    const tall = Math.min(row + 1, bottom) - Math.max(row, top);
    for (let column = Math.floor(left); column < right; column++) {
      const share = tall * (Math.min(column + 1, right) - Math.max(column, left));
      sum += share * ink[row * side + column]!;
      area += share;
    }
  }
  return sum / area;
}
