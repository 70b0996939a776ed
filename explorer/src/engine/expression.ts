/** Expressions over named values, as the table gives them, and their evaluation. */

import { OPERATIONS } from "./operations";

export interface Operation {
  value: (...x: number[]) => number;
  /** The text with @0, @1 or @* for the arguments, how tightly it binds, and what arguments need. */
  notation: [string, number, number[]];
}

/** As JSON: a number, a name, or an operation and its arguments. */
export type Tree = number | string | [string, ...Tree[]];

export type Expression = number | Value | Apply;

export type Kind =
  | "input" | "target" | "weight" | "bias" | "sum" | "activation" | "shared" | "error" | "loss"
  | "local" | "gradient" | "setting" | "memory" | "next";

export interface Place {
  /** 0-based layer, unit and, of a weight, the unit below. */
  layer?: number;
  unit?: number;
  from?: number;
  /** 1-based; undefined where there is only one example, and of what all share. */
  example?: number;
}

/** A named number: given, or defined by an expression over others. */
export class Value {
  constructor(
    readonly name: string,
    readonly markup: string,
    readonly kind: Kind,
    readonly meaning: string,
    readonly definition: Expression | null = null,
    readonly place: Place = {},
    /** Of a derivative: the value above and the value below. */
    readonly of: Value | null = null,
    readonly by: Value | null = null,
  ) {}
}

export class Apply {
  constructor(
    readonly operation: string,
    readonly args: readonly Expression[],
  ) {}
}

/** The expression of a tree, with values put in for its names. */
export function instantiate(tree: Tree, names: Record<string, Expression>): Expression {
  if (typeof tree === "number") return tree;
  if (typeof tree === "string") {
    const found = names[tree];
    if (found === undefined) throw new Error(`no value for ${tree}`);
    return found;
  }
  const [operation, ...args] = tree;
  return new Apply(operation, args.map((arg) => instantiate(arg, names)));
}

export function add(terms: readonly Expression[]): Expression {
  return terms.length === 1 ? terms[0]! : new Apply("add", terms);
}

export function multiply(a: Expression, b: Expression): Expression {
  if (a === 1) return b;
  return b === 1 ? a : new Apply("multiply", [a, b]);
}

export function divide(a: Expression, b: number): Expression {
  return b === 1 ? a : new Apply("divide", [a, b]);
}

/** The named values that an expression itself mentions, each once. */
export function mentioned(expression: Expression): Value[] {
  if (typeof expression === "number") return [];
  if (expression instanceof Value) return [expression];
  return [...new Set(expression.args.flatMap(mentioned))];
}

/** A straight list of steps that computes values from given ones (a Wengert list). */
export class Program {
  readonly slots = new Map<Value, number>();
  private readonly functions: ((a: number, b: number) => number)[] = [];
  private readonly wiring: number[] = [];
  private readonly constants: [number, number][] = [];
  private size = 0;

  /** `replaced`: other definitions for some values, as a mistake would have them. */
  constructor(
    outputs: Iterable<Value>,
    private readonly replaced: ReadonlyMap<Value, Expression> = new Map(),
  ) {
    for (const value of outputs) this.slot(value);
  }

  /** A memory for `run`, with the constants in it. */
  memory(): Float64Array {
    const memory = new Float64Array(this.size);
    for (const [slot, value] of this.constants) memory[slot] = value;
    return memory;
  }

  /** Write given values into a memory; those the program does not need are left out. */
  give(memory: Float64Array, values: ReadonlyMap<Value, number>): void {
    for (const [value, number] of values) {
      const slot = this.slots.get(value);
      if (slot !== undefined) memory[slot] = number;
    }
  }

  run(memory: Float64Array): void {
    const { functions, wiring } = this;
    for (let step = 0, at = 0; step < functions.length; step++, at += 3) {
      memory[wiring[at]!] = functions[step]!(memory[wiring[at + 1]!]!, memory[wiring[at + 2]!]!);
    }
  }

  private slot(expression: Expression): number {
    if (expression instanceof Value) {
      const known = this.slots.get(expression);
      if (known !== undefined) return known;
      const definition = this.replaced.get(expression) ?? expression.definition;
      const slot = definition === null ? this.size++ : this.slot(definition);
      this.slots.set(expression, slot);
      return slot;
    }
    if (typeof expression === "number") {
      this.constants.push([this.size, expression]);
      return this.size++;
    }
    const args = expression.args.map((arg) => this.slot(arg));
    const { value } = OPERATIONS[expression.operation]!;
    let slot = args[0]!;
    const pairs = args.length === 1 ? [slot] : args.slice(1);
    for (const other of pairs) {
      this.functions.push(value);
      this.wiring.push(this.size, slot, other);
      slot = this.size++;
    }
    return slot;
  }
}
