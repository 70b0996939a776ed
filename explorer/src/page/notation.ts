/** Expressions in textbook notation, from the table's templates, as MathML. */

import { Value, type Expression } from "../engine/expression";
import { OPERATIONS } from "../engine/operations";
import { show } from "./dom";

const MATHML = "http://www.w3.org/1998/Math/MathML";
const [ALONE, SUM, POWER, SIGN, ATOM] = [0, 1, 3, 4, 5];

/** How a value is written: its text and how tightly that holds together. */
export type Leaf = (value: Value) => [string, number];

/** By name: ∂E/∂w and what has an example's mark go into a product as they are, but not under a square. */
export const byName: Leaf = (value) => [value.markup, /[/^]/.test(value.markup) ? POWER : ATOM];

/** By number. */
export function byNumber(values: ReadonlyMap<Value, number>): Leaf {
  return (value) => {
    const number = values.get(value) ?? NaN;
    return [show(number), number < 0 ? ALONE : ATOM];
  };
}

/** Markup: `_{…}` is a subscript, `^{…}` a superscript. */
export function write(expression: Expression, leaf: Leaf): string {
  return pieces(expression, leaf)[0];
}

function pieces(expression: Expression, leaf: Leaf): [string, number] {
  if (expression instanceof Value) return leaf(expression);
  if (typeof expression === "number") {
    if (expression === 0.5) return ["½", ATOM];
    return [show(expression), expression < 0 ? SIGN : ATOM];
  }
  const [template, binding, needs] = OPERATIONS[expression.operation]!.notation;
  const parts = expression.args.map((arg) => pieces(arg, leaf));
  if (template.includes("@*")) {
    return [template.replace("@*", parts.map(([text]) => text).join(", ")), binding];
  }
  const fill = (two: [string, number][]): string => {
    const texts = two.map(([text, bound], k) => (bound >= (needs[k] ?? SUM) ? text : `(${text})`));
    return template.replace(/@(\d)/g, (_, k: string) => texts[Number(k)]!);
  };
  let text = fill(parts.slice(0, 2));
  for (const part of parts.slice(2)) text = fill([[text, binding], part]);
  return [text, binding];
}

/** Markup as one line of plain text. */
export function plain(markup: string): string {
  const raised: Record<string, string> = { "(": "⁽", ")": "⁾", "2": "²", "1": "¹", "3": "³" };
  return markup
    .replace(/\^\{([^}]*)\}/g, (_, inner: string) => [...inner].map((c) => raised[c] ?? c).join(""))
    .replace(/_\{([a-z][^}]*)\}/g, "_$1")
    .replace(/_\{([^}]*)\}/g, "$1");
}

function element(tag: string, ...children: (Node | string)[]): Element {
  const made = document.createElementNS(MATHML, tag);
  made.append(...children);
  return made;
}

function atom(text: string): Element {
  if (/^[\d.,½∞]+$/.test(text)) return element("mn", text);
  if (/^[\p{L}∂]/u.test(text)) return element("mi", text);
  const sign = element("mo", text);
  if ("()[]".includes(text)) sign.setAttribute("stretchy", "false");
  return sign;
}

/** Markup as a MathML row. */
export function math(markup: string, display = false): Element {
  const row: Element[] = [];
  const tokens = markup.matchAll(/([_^])\{([^}]*)\}|[\p{L}]+|[\d.]+|∂|\s+|./gu);
  for (const [text, mark, inner] of tokens) {
    const before = row.at(-1);
    if (mark && before) {
      row.pop();
      const low = element("mrow", atom(inner!));
      if (mark === "^" && before.localName === "msub") {
        row.push(element("msubsup", ...before.children, low));
      } else {
        row.push(element(mark === "_" ? "msub" : "msup", before, low));
      }
    } else if (text.trim()) {
      row.push(atom(text));
    }
  }
  const whole = element("math", element("mrow", ...row));
  if (display) whole.setAttribute("display", "block");
  return whole;
}
