/** Plays the training, step by step or update by update, until somebody pauses it. */

import { choice, h } from "../page/dom";
import type { Model } from "./model";

const EVERY = { step: 900, update: 120 }; // milliseconds
export type Pace = keyof typeof EVERY;

export class Player {
  private timer = 0;
  private pace: Pace = "step";
  private readonly buttons: HTMLButtonElement[] = [];
  readonly paces = choice([["step", "step by step"], ["update", "update by update"]], this.pace,
    (chosen) => this.setPace(chosen as Pace), { "aria-label": "Play" });

  /** `told`: whoever wants to know whether it plays. */
  constructor(private readonly model: Model, private readonly told: (isPlaying: boolean) => void) {}

  /** A button that plays and pauses; at a pace of its own, if it has one. */
  button(pace?: Pace): HTMLButtonElement {
    const button = h("button", { class: "play", onclick: () => {
      if (pace && !this.timer) this.setPace(pace);
      this.toggle();
    } }, "Play");
    this.buttons.push(button);
    return button;
  }

  toggle(): void {
    if (this.timer) {
      clearInterval(this.timer);
      this.timer = 0;
    } else {
      this.timer = window.setInterval(() => this.next(), EVERY[this.pace]);
    }
    for (const button of this.buttons) button.textContent = this.timer ? "Pause" : "Play";
    this.told(this.timer > 0);
  }

  private setPace(pace: Pace): void {
    this.pace = pace;
    this.paces.value = pace;
    if (this.timer) for (let times = 0; times < 2; times++) this.toggle();
  }

  private next(): void {
    if (this.pace === "step") this.model.goToStep(this.model.step + 1);
    else this.model.goToIteration(this.model.iteration + 1);
  }
}
