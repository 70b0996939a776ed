/** Maps of numbers as pictures, one canvas a layer, with a pixel to point at. */

import { h } from "../page/dom";
import type { Maps } from "./layers";

export interface Place {
  channel: number;
  row: number;
  column: number;
}

export class MapsView {
  readonly element: HTMLCanvasElement;
  private readonly across: number;
  private mark: Place | null = null;

  constructor(
    readonly shape: { channels: number; height: number; width: number },
    private readonly scale: number,
    label: string,
    pointed: (place: Place, byKey: boolean) => void,
  ) {
    const gap = 1;
    this.across = shape.height === 1 ? shape.channels : Math.min(shape.channels, Math.max(1, Math.floor(340 / (shape.width * scale + gap))));
    const down = Math.ceil(shape.channels / this.across);
    this.element = h("canvas", {
      width: this.across * (shape.width * scale + gap), height: down * (shape.height * scale + gap),
      class: "maps", tabindex: 0, role: "application", "aria-label": label,
    });
    const point = (event: PointerEvent): void => {
      const box = this.element.getBoundingClientRect();
      const ratio = this.element.width / box.width;
      const place = this.placeAt((event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio);
      if (place) pointed(place, false);
    };
    this.element.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse") point(event);
    });
    this.element.addEventListener("pointerdown", point);
    this.element.addEventListener("keydown", (event) => {
      const place = this.moved(event.key, this.mark ?? { channel: 0, row: 0, column: 0 });
      if (!place) return;
      event.preventDefault();
      pointed(place, true);
    });
  }

  /** The place that a key leads to: over the edge of a map into the next one, as they are drawn. */
  private moved(key: string, { channel, row, column }: Place): Place | null {
    const { channels, height, width } = this.shape;
    const page = { PageDown: 1, PageUp: -1 }[key];
    if (page) return { channel: Math.min(Math.max(channel + page, 0), channels - 1), row, column };
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
    if (!move) return null;
    const y = Math.floor(channel / this.across) * height + row + move[0]!;
    const x = (channel % this.across) * width + column + move[1]!;
    const next = Math.floor(y / height) * this.across + Math.floor(x / width);
    if (x < 0 || y < 0 || x >= this.across * width || next >= channels) return { channel, row, column };
    return { channel: next, row: y % height, column: x % width };
  }

  /** Blue below zero, orange above; as strong as the number is large in its layer. */
  draw(values: Maps, mark: Place | null = this.mark, window: readonly Place[] = []): void {
    this.mark = mark;
    const context = this.element.getContext("2d")!;
    context.clearRect(0, 0, this.element.width, this.element.height);
    let most = 0;
    for (const value of values.data) most = Math.max(most, Math.abs(value));
    const { scale } = this;
    for (let channel = 0, k = 0; channel < values.channels; channel++) {
      const [left, top] = this.corner(channel);
      for (let row = 0; row < values.height; row++) {
        for (let column = 0; column < values.width; column++, k++) {
          context.fillStyle = color(most ? values.data[k]! / most : 0);
          context.fillRect(left + column * scale, top + row * scale, scale, scale);
        }
      }
    }
    for (const [first, last] of corners(window)) this.outline(context, first, last);
    if (mark) this.outline(context, mark, mark);
  }

  /** A frame around the numbers from one place to another of a map. */
  private outline(context: CanvasRenderingContext2D, first: Place, last: Place): void {
    const { scale } = this;
    const [left, top] = this.corner(first.channel);
    for (const [color, width] of [["#000", 3], ["#fff", 1]] as const) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.strokeRect(left + first.column * scale, top + first.row * scale,
        (last.column - first.column + 1) * scale, (last.row - first.row + 1) * scale);
    }
  }

  private corner(channel: number): [number, number] {
    const { width, height } = this.shape;
    return [
      (channel % this.across) * (width * this.scale + 1),
      Math.floor(channel / this.across) * (height * this.scale + 1),
    ];
  }

  private placeAt(x: number, y: number): Place | null {
    const { width, height, channels } = this.shape;
    const [w, t] = [width * this.scale + 1, height * this.scale + 1];
    const channel = Math.floor(y / t) * this.across + Math.floor(x / w);
    const [row, column] = [Math.floor((y % t) / this.scale), Math.floor((x % w) / this.scale)];
    return channel < channels && row < height && column < width && x >= 0 && y >= 0
      ? { channel, row, column } : null;
  }
}

/** Of the places in each map the first and the last: the corners of a window. */
function corners(places: readonly Place[]): Iterable<[Place, Place]> {
  const found = new Map<number, [Place, Place]>();
  for (const place of places) {
    const known = found.get(place.channel);
    if (known) known[1] = place;
    else found.set(place.channel, [place, place]);
  }
  return found.values();
}

/** White at 0, orange at 1, blue at −1. */
export function color(share: number): string {
  const size = Math.min(1, Math.abs(share)) ** 0.7;
  const [r, g, b] = share > 0 ? [214, 84, 0] : [21, 94, 186];
  const mix = (one: number): number => Math.round(250 + (one - 250) * size);
  return `rgb(${mix(r)} ${mix(g)} ${mix(b)})`;
}
