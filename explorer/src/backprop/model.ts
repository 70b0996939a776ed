/** What the page shows: a network, its training so far, and where the reader is in it. */

import { Value } from "../engine/expression";
import { Network, PRESETS, type Spec } from "../engine/network";
import { examplesOf, type Toy } from "../engine/toy";
import { HeldOutLoss, Trainer, type State } from "../engine/training";
import { stepsOf, type Step } from "./steps";

export const RATES = [0.1, 0.2, 0.5, 0.8, 1, 2];
export const MOST_ITERATIONS = 10_000;
const CHECKPOINT = 100;

/** What has changed: the network, its learning rate, the iteration on show or only the step in it. */
export type Change = "network" | "rate" | "iteration" | "step";

export class Model {
  network!: Network;
  trainer!: Trainer;
  steps!: Step[];
  rate = 0.5;
  iteration = 0;
  step = 0;
  /** 0-based example on the drawing. */
  example = 0;
  state!: State;
  values!: Map<Value, number>;
  /** Where the examples come from, if they were made here. */
  toy: Toy | null = null;
  /** The loss before each update so far, and that of examples held out. */
  losses!: number[];
  heldOutLosses!: number[];

  private heldOut: HeldOutLoss | null = null;
  private checkpoints!: State[];
  private listeners: ((what: Change) => void)[] = [];

  constructor(public spec: Spec = PRESETS[0]!) {
    this.load(spec);
  }

  onChange(listener: (what: Change) => void): void {
    this.listeners.push(listener);
  }

  /** Take another network; training starts anew. */
  load(spec: Spec, toy: Toy | null = null): void {
    this.network = new Network(spec); // throws before anything is changed
    this.spec = spec;
    this.toy = toy;
    this.heldOut = toy && new HeldOutLoss(spec, examplesOf(toy).heldOut);
    this.trainer = new Trainer(this.network);
    this.steps = stepsOf(this.network);
    this.example = 0;
    this.restart();
    this.tell("network");
  }

  /** The step on show. */
  get current(): Step {
    return this.steps[this.step]!;
  }

  goToStep(step: number): void {
    if (step >= this.steps.length && this.iteration < MOST_ITERATIONS) {
      this.step = 0;
      this.goToIteration(this.iteration + 1);
      return;
    }
    if (step < 0 && this.iteration > 0) {
      this.step = this.steps.length - 1;
      this.goToIteration(this.iteration - 1);
      return;
    }
    this.step = Math.min(Math.max(step, 0), this.steps.length - 1);
    const example = this.current.value.place.example ?? this.current.value.of?.place.example;
    if (example) this.example = example - 1;
    this.tell("step");
  }

  /** The same weights again, whatever came since: iteration 0 is the untouched network. */
  goToIteration(iteration: number): void {
    this.move(iteration);
    this.tell("iteration");
  }

  setRate(rate: number): void {
    this.rate = rate;
    const { iteration } = this;
    this.restart();
    this.move(iteration);
    this.tell("rate");
  }

  /** Give an input, a target, a weight, a bias or a setting another number; training starts anew. */
  edit(value: Value, number: number): void {
    const spec = structuredClone(this.spec);
    const { layer, unit, from, example } = value.place;
    const row = (example ?? 1) - 1;
    if (value.kind === "input") spec.inputs[row]![unit!] = number;
    else if (value.kind === "target") spec.targets[row]![unit!] = number;
    else if (value.kind === "weight") spec.layers[layer!]!.weights[unit!]![from!] = number;
    else if (value.kind === "bias") spec.layers[layer!]!.biases[unit!] = number;
    else if (value === this.network.rate) return this.setRate(number);
    else if (value.name === "λ" && spec.l2 !== undefined) spec.l2 = number;
    else spec.settings = { ...spec.settings, [value.name]: number };
    const { step, example: shown } = this;
    this.load(spec, this.toy);
    this.example = shown;
    this.goToStep(step);
  }

  private restart(): void {
    this.checkpoints = [this.trainer.start()];
    this.losses = [];
    this.heldOutLosses = [];
    this.step = 0;
    this.at(0, this.checkpoints[0]!);
  }

  /** From the iteration on show where that lies on the way, else from a checkpoint before. */
  private move(iteration: number): void {
    const wanted = Math.min(Math.max(Math.round(iteration) || 0, 0), MOST_ITERATIONS);
    const base = Math.min(Math.floor(wanted / CHECKPOINT), this.checkpoints.length - 1);
    if (this.iteration > wanted || this.iteration < base * CHECKPOINT) this.at(base * CHECKPOINT, this.checkpoints[base]!);
    while (this.iteration < wanted) {
      this.at(this.iteration + 1, this.trainer.next(this.values));
      if (this.iteration % CHECKPOINT === 0) this.checkpoints[this.iteration / CHECKPOINT] = this.state;
    }
  }

  private at(iteration: number, state: State): void {
    this.iteration = iteration;
    this.state = state;
    this.values = this.trainer.evaluate(state, this.rate);
    this.losses[iteration] = this.values.get(this.network.loss)!;
    if (this.heldOut) this.heldOutLosses[iteration] = this.heldOut.of(this.network, state);
  }

  private tell(what: Change): void {
    for (const listener of this.listeners) listener(what);
  }
}
