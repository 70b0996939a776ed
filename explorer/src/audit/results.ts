/** The findings in a workbook, as the terminal prints them. Text from a file is only ever text. */

import { h } from "../page/dom";
import type { Finding, Table, Workbook } from "./messages";

export function workbook(found: Workbook, actions: HTMLElement | null): HTMLElement {
  const mistakes = found.outcome === "wrong";
  const look = mistakes ? "wrong" : found.outcome === "right" ? "right" : "open";
  return h("section", { class: `workbook ${look}`, "aria-label": found.name },
    h("h2", {}, h("span", { class: "sign", "aria-hidden": true }, { wrong: "✗", right: "✓", open: "–" }[look]!), ` ${found.name}`),
    h("p", { class: "finding verdict" }, found.verdict),
    actions,
    ...found.tables.map(table),
    ...(found.rest.length ? [h("h3", {}, "The rest of the workbook"), ...found.rest.map(finding)] : []));
}

function table(found: Table): HTMLElement {
  return h("div", { class: "training" },
    h("h3", {}, found.recognized),
    ...found.findings.map(finding),
    h("details", {}, h("summary", {}, "Every column"),
      h("table", { class: "terms" },
        h("thead", {}, h("tr", {}, ...["column", "header", "verdict"].map((one) => h("th", { scope: "col" }, one)))),
        h("tbody", {}, ...found.columns.map(({ letters, name, text, verdict }) => h("tr", {},
          h("th", { scope: "row" }, letters), h("td", {}, name), h("td", { class: verdict === "wrong" ? "error" : "" }, text)))))));
}

function finding(found: Finding): HTMLElement {
  return h("div", { class: found.is_mistake ? "mistake" : "remark" },
    h("p", { class: "heading" }, found.heading), h("p", {}, found.message),
    found.formulas.length ? h("dl", {}, ...found.formulas.flatMap(([name, formula]) =>
      [h("dt", {}, name), h("dd", {}, h("code", {}, formula))])) : null,
    found.cells ? h("p", {}, found.cells) : null);
}
