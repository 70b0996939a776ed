/** Spot the mistake: a backward pass in which one thing is wrong, again and again. */

import { Apply, Value, multiply, type Expression } from "../engine/expression";
import { mistakesOf, type Mistake } from "../engine/mistakes";
import { Network, PRESETS, type Spec } from "../engine/network";
import { h, renew } from "../page/dom";
import { byName, math, plain, write } from "../page/notation";

interface Question {
  network: Network;
  mistake: Mistake;
  /** The rows on show: gradients of parameters, written out. */
  rows: { value: Value; shown: Expression; wrong: boolean }[];
}

export class Quiz {
  readonly followsIteration = false;
  readonly element = h("div");
  private right = 0;
  private asked = 0;
  private question!: Question;

  draw(): void {
    if (!this.question) this.next();
  }

  private next(): void {
    do this.question = ask(); while (!this.question.rows.some((row) => row.wrong));
    let hinted = false;
    let answered = false;
    const told = h("p", { class: "finding", role: "status" });
    const score = h("p", { class: "meaning" }, this.score());
    const list = h("ol", { class: "quiz" }, ...this.question.rows.map((row) => {
      const formula = `${row.value.markup} = ${write(row.shown, byName)}`;
      const seen = math(formula);
      seen.setAttribute("aria-hidden", "true");
      const button = h("button", {}, h("span", { class: "visually-hidden" }, plain(formula)), seen);
      button.addEventListener("click", () => {
        if (answered) return;
        answered = true;
        this.asked += 1;
        if (row.wrong) this.right += hinted ? 0.5 : 1;
        for (const [k, one] of this.question.rows.entries()) {
          if (one.wrong) list.children[k]!.classList.add("wrong");
        }
        if (!row.wrong) button.parentElement!.classList.add("chosen");
        told.replaceChildren(row.wrong ? "Right: " : "No, that one is right. The mistake: ",
          `${this.question.mistake.name}. `, ...this.solution());
        score.textContent = this.score();
        again.focus();
      });
      return h("li", {}, button);
    }));
    const hint = h("button", { onclick: () => {
      hinted = true;
      told.textContent = this.question.mistake.hint;
    } }, "Hint (half a point)");
    const again = h("button", { onclick: () => { this.next(); } }, "Next question");
    renew(this.element,
      h("p", {}, "Exactly one cause is wrong in this backward pass. Click a gradient that it makes wrong."),
      list, told, h("div", { class: "controls" }, hint, again, score),
    );
  }

  private score(): string {
    return this.asked ? `${this.right} of ${this.asked} points` : "";
  }

  private solution(): (Node | string)[] {
    const [value, wrong] = [...this.question.mistake.edits][0]!;
    return ["It should be ", math(`${value.markup} = ${write(value.definition!, byName)}`),
      ", not ", math(write(wrong, byName)), "."];
  }
}

function pick<T>(items: readonly T[]): T {
  return items[Math.floor(Math.random() * items.length)]!;
}

function ask(): Question {
  const network = new Network(randomSpec());
  const mistakes = mistakesOf(network);
  const kind = pick([...new Set(mistakes.map((one) => one.name))]);
  const mistake = pick(mistakes.filter((one) => one.name === kind));
  const rows = network.parameters.map((parameter) => {
    const value = network.gradients.get(parameter)!;
    const right = writtenOut(network, value, new Map());
    const shown = writtenOut(network, value, mistake.edits);
    return { value, shown, wrong: write(right, byName) !== write(shown, byName) };
  });
  return { network, mistake, rows };
}

/** The classic shape with another activation or loss. */
function randomSpec(): Spec {
  const spec = structuredClone(PRESETS[0]!);
  spec.layers[0]!.activation = pick(["sigmoid", "tanh", "sigmoid"]);
  if (Math.random() < 0.3) spec.layers[1]!.activation = "tanh";
  return spec;
}

/** A gradient in terms of values of the forward pass. */
function writtenOut(
  network: Network, value: Value, edits: ReadonlyMap<Value, Expression>,
): Expression {
  const forward = new Set<Value>([...network.forward, ...network.given.keys(), network.rate]);
  const expand = (expression: Expression): Expression => {
    if (typeof expression === "number") return expression;
    if (expression instanceof Value) {
      if (forward.has(expression)) return expression;
      const definition = edits.get(expression) ?? expression.definition;
      return definition === null ? expression : expand(definition);
    }
    const args = expression.args.map(expand);
    if (expression.operation === "multiply") return multiply(args[0]!, args[1]!);
    return new Apply(expression.operation, args);
  };
  return expand(edits.get(value) ?? value.definition ?? value);
}
