/** The card of the current step, and "why this number?": a value followed back to the inputs. */

import { LARGEST, isShare } from "../engine/checks";
import { Value, mentioned } from "../engine/expression";
import { OPTIMIZERS } from "../engine/network";
import { formulaBox, h, show } from "../page/dom";
import { byName, byNumber, math, plain, write } from "../page/notation";
import type { Model } from "./model";
import type { Step } from "./steps";

/** Formula, the same with numbers, and the result, side by side. */
export function equations(model: Model, value: Value): HTMLElement {
  const rows = formulaBox();
  const name = value.markup;
  const { definition } = value;
  const result = show(model.values.get(value), 6);
  if (definition === null) {
    rows.append(math(`${name} = ${result}`, true));
    return rows;
  }
  rows.append(math(`${name} = ${write(definition, byName)}`, true));
  const numbers = write(definition, byNumber(model.values));
  if (numbers !== result) rows.append(math(`${name} = ${numbers}`, true));
  rows.append(math(`${name} = ${result}`, true));
  return rows;
}

export function card(model: Model, step: Step, explain: (value: Value) => void): HTMLElement {
  const { value } = step;
  return h("div", {},
    h("p", { class: `phase ${step.phase.split(" ")[0]}` },
      `${step.phase} · step ${model.step + 1} of ${model.steps.length}`),
    h("h3", {}, step.title),
    equations(model, value),
    step.rule && h("p", { class: "rule" }, step.rule),
    h("p", {}, h("button", { class: "link", onclick: () => explain(value) }, "Why this number?")),
  );
}

/** What a value is made of, each part to be opened in turn. */
export function whyTree(model: Model, value: Value, open = true): HTMLElement {
  const parts = value.definition === null ? [] : mentioned(value.definition);
  const number = show(model.values.get(value), 6);
  const head = [h("span", { class: "name" }, math(value.markup)), ` = ${number} `,
    h("span", { class: "meaning" }, value.meaning)];
  if (!parts.length) {
    return h("div", { class: "leaf" }, ...head, given(model, value));
  }
  const details = h("details", { open }, h("summary", {}, ...head));
  const fill = (): void => {
    if (details.childElementCount > 1) return;
    const definition = value.definition!;
    details.append(
      h("div", { class: "because" },
        math(`= ${write(definition, byName)}`), math(`= ${write(definition, byNumber(model.values))}`)),
      ...parts.map((part) => whyTree(model, part, false)),
    );
  };
  if (open) fill();
  else details.addEventListener("toggle", fill);
  return details;
}

/** What is given can be changed; of a parameter that is its number before training. */
function given(model: Model, value: Value): HTMLElement {
  const number = value === model.network.rate ? model.rate : model.network.given.get(value);
  if (number === undefined) return h("span", { class: "given" }, " remembered");
  const isTrained = model.network.parameters.includes(value) && model.iteration > 0;
  const input = h("input", { type: "number", step: "any", value: number });
  input.addEventListener("change", () => {
    const typed = input.valueAsNumber;
    if (isPossible(model, value, typed)) model.edit(value, typed);
    else input.value = String(number);
  });
  return h("label", { class: "given" }, isTrained ? " before training " : " given ", input);
}

function isPossible(model: Model, value: Value, number: number): boolean {
  if (!Number.isFinite(number) || Math.abs(number) > LARGEST) return false;
  if (value === model.network.rate) return number > 0;
  const setting = OPTIMIZERS[model.spec.optimizer]!.settings.find(({ name }) => name === value.name);
  return value.kind !== "setting" || (number >= 0 && (number < 1 || !isShare(setting?.key)));
}

/** The step as a sentence, for those who hear the page. */
export function spoken(model: Model, step: Step): string {
  return `${step.title}: ${plain(step.value.markup)} is ${show(model.values.get(step.value))}`;
}
