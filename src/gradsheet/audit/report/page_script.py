"""The script of the page: filters and sorts the files. Without it the page is a plain list."""

import base64
import hashlib

SCRIPT = """
(() => {
  const byId = (id) => document.getElementById(id);
  const controls = byId("controls"), shown = byId("shown");
  const body = document.querySelector("#overview tbody");
  if (!controls || !body) return;
  const rows = [...body.rows];
  const order = new Map(rows.map((row, place) => [row, place]));
  const by = {
    given: (a, b) => order.get(a) - order.get(b),
    name: (a, b) => a.dataset.name.localeCompare(b.dataset.name, "en", {numeric: true}),
    outcome: (a, b) => a.dataset.rank - b.dataset.rank,
    mistakes: (a, b) => b.dataset.mistakes - a.dataset.mistakes,
  };
  const sections = new Map(rows.map((row) => [row, byId(row.dataset.file)]));
  const update = () => {
    const name = byId("name").value.toLowerCase();
    const outcome = byId("outcome").value, rule = byId("rule").value;
    let count = 0;
    for (const row of rows) {
      const fits = (!outcome || row.dataset.outcome === outcome)
        && (!rule || row.dataset.rules.split(" ").includes(rule))
        && row.dataset.name.toLowerCase().includes(name);
      row.hidden = !fits;
      const section = sections.get(row);
      if (section) section.hidden = !fits;
      count += fits;
    }
    shown.textContent = `${count} of ${rows.length} files`;
  };
  const sort = () => {
    const compare = by[byId("sort").value];
    body.append(...rows.sort((a, b) => compare(a, b) || by.given(a, b)));
  };
  for (const id of ["name", "outcome", "rule"]) byId(id).addEventListener("input", update);
  byId("sort").addEventListener("input", sort);
  controls.hidden = false;
  update();
  sort();
})();
"""


def script_hash() -> str:
    """What a content security policy calls the script."""
    digest = hashlib.sha256(SCRIPT.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
