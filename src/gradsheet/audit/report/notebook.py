"""An audit as a notebook shows it: the outcome, then each finding."""

from gradsheet.audit.findings import Audit, Finding
from gradsheet.audit.report.formula_html import formulas
from gradsheet.audit.report.html import Html, element
from gradsheet.audit.report.sentences import label, message
from gradsheet.audit.report.summary import verdict


def notebook_html(audit: Audit) -> str:
    """Plain HTML, without styles that would reach the rest of the notebook."""
    heading = element("p", element("b", audit.path.name), f": {verdict(audit)}")
    findings = (*audit.mistakes, *audit.remarks)
    return element("div", heading, element("ul", *map(_item, findings)) if findings else Html())


def _item(found: Finding) -> Html:
    where = f"{found.place}, {found.column}" if found.column else found.place
    return element(
        "li",
        element("b", ": ".join(filter(None, (where, label(found.rules))))),
        element("div", message(found)),
        formulas(found),
    )
