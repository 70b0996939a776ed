/** Training a network: values of an iteration, updates, loss curves, a check by differences. */

import { Program, Value, type Expression } from "./expression";
import { Network, type Spec } from "./network";

/** The parameters and what the optimizer remembers, at one moment. */
export type State = ReadonlyMap<Value, number>;

/** Compiled once a network; runs any iteration of it. */
export class Trainer {
  private readonly whole: Program;
  private readonly memory: Float64Array;
  private readonly moves: [Value, number, number][];

  /** `mistake`: what stands in place of some values of the backward pass. */
  constructor(
    readonly network: Network,
    mistake?: ReadonlyMap<Value, Expression>,
  ) {
    this.whole = new Program(network.values, mistake);
    this.memory = this.whole.memory();
    this.whole.give(this.memory, network.given);
    const slot = (value: Value): number => this.whole.slots.get(value) ?? -1;
    this.moves = [...network.updates].map(([value, next]) => [value, slot(value), slot(next)]);
  }

  /** The state before the first update. */
  start(): Map<Value, number> {
    const { parameters, given, memory } = this.network;
    return new Map([...parameters.map((p): [Value, number] => [p, given.get(p)!]), ...memory]);
  }

  /** Every value of the iteration that begins in this state. */
  evaluate(state: State, rate: number): Map<Value, number> {
    this.load(state, rate);
    this.whole.run(this.memory);
    return new Map([...this.whole.slots].map(([value, slot]) => [value, this.memory[slot]!]));
  }

  /** The state after an iteration whose values are known. */
  next(values: ReadonlyMap<Value, number>): Map<Value, number> {
    return new Map([...this.network.updates].map(([value, next]) => [value, values.get(next)!]));
  }

  /** The loss before each of so many updates and after the last one. */
  losses(rate: number, updates: number, state: State = this.start()): Float64Array {
    const found = new Float64Array(updates + 1);
    const loss = this.whole.slots.get(this.network.loss)!;
    this.load(state, rate);
    for (let update = 0; update <= updates; update++) {
      this.whole.run(this.memory);
      found[update] = this.memory[loss]!;
      this.move();
    }
    return found;
  }

  private load(state: State, rate: number): void {
    this.whole.give(this.memory, state);
    this.whole.give(this.memory, new Map([[this.network.rate, rate]]));
  }

  private move(): void {
    const next = this.moves.map(([, , after]) => this.memory[after]!);
    this.moves.forEach(([, before], k) => {
      if (before >= 0) this.memory[before] = next[k]!;
    });
  }
}

/** The loss of a network's parameters on examples that it is not trained on. */
export class HeldOutLoss {
  private readonly network: Network;
  private readonly program: Program;
  private readonly memory: Float64Array;

  /** What is added to the loss for regularization is left out. */
  constructor(spec: Spec, examples: { inputs: number[][]; targets: number[][] }) {
    const { l2: _, ...rest } = spec;
    this.network = new Network({ ...rest, ...examples });
    this.program = new Program([this.network.loss]);
    this.memory = this.program.memory();
    this.program.give(this.memory, this.network.given);
  }

  /** With the parameters of a state, of the network that is trained. */
  of(trained: Network, state: State): number {
    const own = this.network.parameters;
    this.program.give(this.memory, new Map(trained.parameters.map((one, k) => [own[k]!, state.get(one)!])));
    this.program.run(this.memory);
    return this.memory[this.program.slots.get(this.network.loss)!]!;
  }
}

/** Central and one-sided differences of the loss by one parameter. */
export class DifferenceCheck {
  private readonly program: Program;
  private readonly memory: Float64Array;

  constructor(private readonly network: Network) {
    this.program = new Program([network.loss]);
    this.memory = this.program.memory();
    this.program.give(this.memory, network.given);
  }

  loss(state: State, parameter: Value, shift: number): number {
    this.program.give(this.memory, state);
    const slot = this.program.slots.get(parameter);
    if (slot !== undefined) this.memory[slot]! += shift;
    this.program.run(this.memory);
    return this.memory[this.program.slots.get(this.network.loss)!]!;
  }

  /** (E(w + ε) − E(w − ε))/2ε. */
  central(state: State, parameter: Value, epsilon: number): number {
    const up = this.loss(state, parameter, epsilon);
    return (up - this.loss(state, parameter, -epsilon)) / (2 * epsilon);
  }
}
