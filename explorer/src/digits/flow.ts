/** The classifier at a glance: a block for each layer, as tall as its maps and as wide as their number. */

import { h } from "../page/dom";
import { roving } from "../page/roving";
import type { Session } from "./session";

const [TALL, WIDE] = [1.9, 1.1]; // pixels of a block to a row of its maps, and to a channel

export class Flow {
  readonly element = h("div", { class: "flow scroll", role: "group", "aria-label": "The layers in order: choose one to look into it" });
  private readonly blocks: HTMLButtonElement[];

  /** `chosen` is given the number of a layer, 0 for the image. */
  constructor(session: Session, chosen: (layer: number) => void) {
    this.blocks = session.values.map(({ channels, height, width }, number) => {
      const layer = number ? session.model.layers[number - 1]! : null;
      const count = layer ? layer.parameters.reduce((sum, one) => sum + one.data.length, 0) : 0;
      const shape = height > 1 ? `${channels} × ${height} × ${width}` : String(channels);
      return h("button", { class: count ? "trained" : "", title: layer?.words ?? "28 × 28 pixels", onclick: () => chosen(number) },
        h("span", { class: "block", style: `height: ${4 + TALL * height}px; width: ${5 + WIDE * channels}px` }),
        h("b", {}, layer?.name ?? "image"), h("span", {}, shape),
        h("span", {}, count ? count.toLocaleString("en") : null, count > 0 && h("span", { class: "visually-hidden" }, " parameters")));
    });
    this.element.append(...this.blocks);
    roving(this.element);
  }

  /** Mark the layer that is looked into. */
  mark(layer: number): void {
    this.blocks.forEach((block, number) => block.setAttribute("aria-current", String(number === layer)));
  }
}
