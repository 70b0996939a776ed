"""Which headers are remarked as the name of something else."""

import pytest

from gradsheet.audit import rules
from tests.audit.by_columns import Column, audited, sigmoid


def named(
    z: str = "net",
    h: str = "out",
    c: str = "b2",
    dh: str = "delta",
    dw: str = "dE/dw1",
    dv: str = "dE/dw2",
) -> list[Column]:
    """A right table with other headers in place of its own."""
    return [
        ("x1", 0.6),
        ("t1", 0.3),
        ("w1", 0.5, f"=[w1<]-$B$1*[{dw}<]"),
        ("w2", -0.4, f"=[w2<]-$B$1*[{dv}<]"),
        ("b1", 0.1, f"=[b1<]-$B$1*[{dh}<]"),
        (c, 0.2, f"=[{c}<]-$B$1*([y<]-[t1<])"),
        (z, "=[w1]*[x1]+[b1]"),
        (h, sigmoid(z)),
        ("y", f"=[w2]*[{h}]+[{c}]"),
        ("E", "=([y]-[t1])^2/2"),
        (dh, f"=([y]-[t1])*[w2]*[{h}]*(1-[{h}])"),
        (dw, f"=[{dh}]*[x1]"),
        (dv, f"=([y]-[t1])*[{h}]"),
    ]


@pytest.mark.parametrize(
    ("names", "remarked"),
    [
        ({"z": "z1", "h": "h1"}, []),
        ({"h": "h1"}, []),
        ({"z": "a_h1", "h": "h1"}, ["a_h1", "h1"]),
        ({"dh": "gradient h1"}, []),
        ({"c": "sesgo c"}, []),
        ({"dw": "dE/dw2", "dv": "dE/dw1"}, ["dE/dw2", "dE/dw1"]),
    ],
    ids=["h1 for an activation", "net and h1", "changed places", "of a unit", "c", "swapped"],
)
def test_a_header_is_remarked_where_it_misleads(names: dict[str, str], remarked: list[str]) -> None:
    audit = audited(named(**names))
    assert not audit.mistakes
    found = [f.column for table in audit.tables for f in table.findings if rules.HEADER in f.rules]
    assert found == remarked
