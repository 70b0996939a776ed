/** A picture of one digit, from a file or pasted: its ink, as if it had been drawn on the pad. */

import { h } from "../page/dom";

const MOST_BYTES = 20_000_000;
const MOST_PIXELS = 40_000_000;
const [NO_INK, ALL_INK] = [0.3, 0.8]; // of the depth of most ink: what becomes 0 and 255
const FAINTEST = 25; // of 255: paper varies less

/** Ink from 0 to 255 on a square, from a picture file; an error's message is a sentence. */
export async function inkOfFile(file: Blob, side: number): Promise<Uint8Array> {
  if (file.size > MOST_BYTES) throw new Error(`The picture has ${Math.round(file.size / 1e6)} MB; this page takes up to ${MOST_BYTES / 1e6} MB.`);
  const picture = await createImageBitmap(file).catch(() => {
    throw new Error("This is no picture that the browser can open; a PNG or a JPEG is.");
  });
  try {
    const { width, height } = picture;
    if (width * height > MOST_PIXELS) throw new Error(`The picture has ${width} × ${height} pixels; this page takes up to ${MOST_PIXELS / 1e6} million.`);
    const canvas = h("canvas", { width: side, height: side });
    const context = canvas.getContext("2d", { willReadFrequently: true })!;
    const scale = side / Math.max(width, height);
    const [w, t] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
    context.fillStyle = "#fff"; // behind what is transparent
    context.fillRect(0, 0, w, t);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, w, t);
    const { data } = context.getImageData(0, 0, w, t);
    const shades = new Uint8Array(w * t);
    for (let k = 0; k < shades.length; k++) shades[k] = Math.round(0.299 * data[4 * k]! + 0.587 * data[4 * k + 1]! + 0.114 * data[4 * k + 2]!);
    return onSquare(inkOf(shades, w, t), w, t, side);
  } finally {
    picture.close();
  }
}

/** The ink of shades of gray: what is darker than the paper, or lighter than the board, that the edge shows. */
export function inkOf(shades: Uint8Array, width: number, height: number): Uint8Array {
  const edge: number[] = [];
  for (let column = 0; column < width; column++) edge.push(shades[column]!, shades[(height - 1) * width + column]!);
  for (let row = 0; row < height; row++) edge.push(shades[row * width]!, shades[row * width + width - 1]!);
  const paper = edge.sort((a, b) => a - b)[edge.length >> 1]!;
  const sorted = Uint8Array.from(shades).sort();
  const few = Math.floor(0.005 * sorted.length);
  const [darkest, lightest] = [sorted[few]!, sorted[sorted.length - 1 - few]!];
  const sign = paper - darkest >= lightest - paper ? 1 : -1;
  const deepest = sign > 0 ? paper - darkest : lightest - paper;
  if (deepest < FAINTEST) throw new Error("Nothing stands out in this picture; take one with a dark digit on light paper, or a light one on dark.");
  return Uint8Array.from(shades, (shade) => {
    const depth = (sign * (paper - shade)) / deepest;
    return 255 * Math.min(Math.max((depth - NO_INK) / (ALL_INK - NO_INK), 0), 1);
  });
}

function onSquare(ink: Uint8Array, width: number, height: number, side: number): Uint8Array {
  const square = new Uint8Array(side * side);
  for (let row = 0; row < height; row++) square.set(ink.subarray(row * width, (row + 1) * width), row * side);
  return square;
}

/** A picture that somebody chooses, drops or pastes anywhere on the page. */
export function pictureInput(given: (file: Blob) => void): HTMLElement {
  const input = h("input", { type: "file", accept: "image/*" });
  const take = (files: FileList | null | undefined): boolean => {
    if (files?.[0]) given(files[0]);
    return Boolean(files?.[0]);
  };
  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  document.addEventListener("paste", (event) => { if (take(event.clipboardData?.files)) event.preventDefault(); });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer?.files);
  });
  return h("label", { class: "field" }, "or open, drop or paste a picture of one", input);
}
