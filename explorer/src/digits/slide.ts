/** The window of a number slides over the layer below, place by place, until somebody stops it. */

import { h } from "../page/dom";
import type { Place } from "./view";

const EVERY = 220; // milliseconds

interface Shape {
  height: number;
  width: number;
}

export class Slide {
  private timer = 0;
  private readonly still = matchMedia("(prefers-reduced-motion: reduce)");
  private readonly button = h("button", { onclick: () => this.pressed() });
  readonly element = h("div", { class: "controls" }, this.button);

  /**
   * @param at the place on show, and the map that it is in
   * @param move shows another place of that map; `isPlaying`: others follow
   */
  constructor(private readonly at: () => { place: Place; shape: Shape }, private readonly move: (place: Place, isPlaying: boolean) => void) {
    this.still.addEventListener("change", () => this.stop());
    this.stop();
  }

  /** Without motion a press moves the window by one place. */
  private pressed(): void {
    if (this.still.matches) this.move(this.next(), false);
    else if (this.timer) this.stop();
    else {
      this.timer = window.setInterval(() => this.tick(), EVERY);
      this.button.textContent = "Stop";
    }
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = 0;
    this.button.textContent = this.still.matches ? "Move the window by one" : "Slide the window";
  }

  private tick(): void {
    const next = this.next();
    const { height, width } = this.at().shape;
    const isLast = next.row === height - 1 && next.column === width - 1;
    if (isLast) this.stop();
    this.move(next, !isLast);
  }

  /** The place to the right, then the first of the row below; after the last one the first. */
  private next(): Place {
    const { place: { channel, row, column }, shape: { height, width } } = this.at();
    const k = (row * width + column + 1) % (height * width);
    return { channel, row: Math.floor(k / width), column: k % width };
  }
}
