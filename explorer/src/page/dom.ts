/** Elements, without a framework. Text is always text: nothing a user gives becomes markup. */

type Child = Node | string | null | false | undefined;
type Properties = Record<string, unknown>;

const SVG = "http://www.w3.org/2000/svg";

function fill(element: Element, properties: Properties, children: readonly Child[]): void {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) element.append(child);
}

export function h<T extends keyof HTMLElementTagNameMap>(
  tag: T, properties: Properties = {}, ...children: Child[]
): HTMLElementTagNameMap[T] {
  const element = document.createElement(tag);
  fill(element, properties, children);
  return element;
}

export function svg<T extends keyof SVGElementTagNameMap>(
  tag: T, properties: Properties = {}, ...children: Child[]
): SVGElementTagNameMap[T] {
  const element = document.createElementNS(SVG, tag);
  fill(element, properties, children);
  return element;
}

/** The element with this id, which the page's own HTML has. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found as T;
}

/** Put other children into an element; what has the focus hands it on to what takes its place. */
export function renew(parent: Element, ...children: (Node | string)[]): void {
  const places: number[] = [];
  const before = document.activeElement;
  let at = before;
  while (at && at !== parent && at.parentElement) {
    places.unshift([...at.parentElement.children].indexOf(at));
    at = at.parentElement;
  }
  parent.replaceChildren(...children);
  if (at !== parent || before === parent) return;
  const heir = places.reduce<Element | undefined>((found, k) => found?.children[k], parent);
  if (heir?.tagName === before!.tagName) (heir as HTMLElement).focus({ preventScroll: true });
}

/** A number as people read it: four significant digits, a true minus sign. */
export function show(value: number | undefined, digits = 4): string {
  if (value === undefined) return "";
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  let text: string;
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    const raised = [...String(Number(exponent))].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
    text = `${Number(mantissa)}·10${raised.join("")}`;
  } else {
    text = String(Number(value.toPrecision(digits)));
  }
  return text.replace("-", "−");
}

/** "1 update", "2 updates". */
export function inUpdates(count: number): string {
  return `${count} ${count === 1 ? "update" : "updates"}`;
}

/** Formulas, one below the other; where they are too wide, the keys can scroll them. */
export function formulaBox(...children: Child[]): HTMLDivElement {
  const box = h("div", { class: "equations" }, ...children);
  requestAnimationFrame(() => { if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; });
  return box;
}

/** A labelled control. */
export function field(label: string, control: HTMLElement): HTMLLabelElement {
  return h("label", { class: "field" }, h("span", {}, label), control);
}

export function choice(
  options: readonly (readonly [string, string])[], value: string, change: (value: string) => void,
  properties: Properties = {},
): HTMLSelectElement {
  const select = h("select", properties, ...options.map(([key, text]) =>
    h("option", { value: key, selected: key === value }, text),
  ));
  select.addEventListener("change", () => change(select.value));
  return select;
}
