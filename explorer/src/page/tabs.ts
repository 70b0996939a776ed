/** A list of tabs and the panel that they share; arrow keys move between them. */

import { byId, h } from "./dom";

/** Fills #tabs; `show` is told which tab is chosen. The function it gives back chooses one. */
export function tabList(tabs: readonly (readonly [key: string, text: string])[], show: (key: string) => void): (key: string) => void {
  const keys = tabs.map(([key]) => key);
  const buttons = tabs.map(([key, text]) => h("button", {
    role: "tab", id: `tab-${key}`, "aria-controls": "panel", onclick: () => select(key),
  }, text));
  byId("tabs").append(...buttons);
  byId("tabs").addEventListener("keydown", (event) => {
    const at = buttons.findIndex((button) => button.getAttribute("aria-selected") === "true");
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: keys.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (to + keys.length) % keys.length;
    select(keys[next]!);
    buttons[next]!.focus();
  });
  function select(key: string): void {
    buttons.forEach((button, k) => {
      const chosen = keys[k] === key;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    });
    byId("panel").setAttribute("aria-labelledby", `tab-${key}`);
    show(key);
  }
  return select;
}
