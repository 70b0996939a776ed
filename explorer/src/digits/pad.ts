/** A pad to draw a digit on, with mouse, finger or pen. */

import { h } from "../page/dom";
import { preprocess } from "./preprocess";

const SIZE = 280;
const PEN = 22;

export class Pad {
  readonly element = h("canvas", {
    width: SIZE, height: SIZE, class: "pad", role: "img",
    "aria-label": "Draw a digit here with mouse, finger or pen; or choose a test digit below",
  });
  private readonly context = this.element.getContext("2d", { willReadFrequently: true })!;
  private last: [number, number] | null = null;

  /** `drawn` is given every new image; null when the pad is empty. */
  constructor(private readonly drawn: (image: Uint8Array | null) => void) {
    this.clear(false);
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId);
      this.last = this.place(event);
      this.stroke(this.last);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (!this.last) return;
      const next = this.place(event);
      this.stroke(next);
      this.last = next;
    });
    for (const end of ["pointerup", "pointercancel"]) {
      this.element.addEventListener(end, () => {
        if (!this.last) return;
        this.last = null;
        this.drawn(this.image());
      });
    }
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
    const box = this.element.getBoundingClientRect();
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
