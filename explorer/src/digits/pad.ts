/** A pad to draw a digit on, with mouse, finger, pen or keys. */

import { h } from "../page/dom";
import { preprocess } from "./preprocess";

const SIZE = 280;
const PEN = 22;
const KEY_STEP = 14;

export class Pad {
  private readonly canvas = h("canvas", {
    width: SIZE, height: SIZE, class: "pad", tabindex: 0, role: "application",
    "aria-label": "Draw a digit here with mouse, finger or pen. Keys: arrows move the pen, Space puts it down or lifts it",
  });
  private readonly pen = h("span", { class: "pen" });
  private readonly told = h("span", { class: "visually-hidden", role: "status" });
  readonly element = h("div", { class: "paper" }, this.canvas, this.pen, this.told);
  private readonly context = this.canvas.getContext("2d", { willReadFrequently: true })!;
  private last: [number, number] | null = null;
  /** Of the keys: where the pen is, and whether it is down. */
  private at: [number, number] = [SIZE / 2, SIZE / 4];
  private isDown = false;

  /** `drawn` is given every new image; null when the pad is empty. */
  constructor(private readonly drawn: (image: Uint8Array | null) => void) {
    this.clear(false);
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.last = this.place(event);
      this.stroke(this.last);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!this.last) return;
      const next = this.place(event);
      this.stroke(next);
      this.last = next;
    });
    for (const end of ["pointerup", "pointercancel"]) {
      this.canvas.addEventListener(end, () => {
        if (!this.last) return;
        this.last = null;
        this.drawn(this.image());
      });
    }
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("blur", () => { this.isDown = false; });
  }

  private key(event: KeyboardEvent): void {
    const move = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1], " ": [0, 0] }[event.key];
    if (!move) return;
    event.preventDefault();
    const from = this.at;
    this.at = from.map((one, k) => Math.min(Math.max(one + KEY_STEP * move[k]!, PEN), SIZE - PEN)) as [number, number];
    if (event.key === " ") {
      this.isDown = !this.isDown;
      this.told.textContent = this.isDown ? "pen down" : "pen lifted";
    }
    this.pen.classList.toggle("down", this.isDown);
    this.pen.setAttribute("style", `left: ${(100 * this.at[0]) / SIZE}%; top: ${(100 * this.at[1]) / SIZE}%`);
    if (!this.isDown) return;
    this.last = from;
    this.stroke(this.at);
    this.last = null;
    this.drawn(this.image());
  }

  clear(tell = true): void {
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, SIZE, SIZE);
    if (tell) this.drawn(null);
  }

  /** Show a 28 × 28 image. */
  show(image: Uint8Array): void {
    const small = this.context.createImageData(28, 28);
    image.forEach((value, k) => small.data.set([value, value, value, 255], 4 * k));
    const canvas = h("canvas", { width: 28, height: 28 });
    canvas.getContext("2d")!.putImageData(small, 0, 0);
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(canvas, 0, 0, SIZE, SIZE);
  }

  private image(): Uint8Array | null {
    const { data } = this.context.getImageData(0, 0, SIZE, SIZE);
    const ink = new Uint8Array(SIZE * SIZE);
    for (let k = 0; k < ink.length; k++) ink[k] = data[4 * k]!;
    return preprocess(ink, SIZE);
  }

  private place(event: PointerEvent): [number, number] {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * SIZE) / box.width, ((event.clientY - box.top) * SIZE) / box.height,
    ];
  }

  private stroke(to: [number, number]): void {
    const { context } = this;
    context.strokeStyle = "#fff";
    context.lineWidth = PEN;
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(...(this.last ?? to));
    context.lineTo(to[0], to[1] + 0.01);
    context.stroke();
  }
}
