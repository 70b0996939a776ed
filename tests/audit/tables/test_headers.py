"""Headers as they are spelled in the wild."""

import pytest

from gradsheet.audit.tables.headers import rate_in, read_header


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("t1", ("t1", "T1", "t_1", "t₁", " t1 ", "target 1", "Target1", "y1")),
        ("i2", ("i2", "I2", "x2", "input 2", "x₂")),
        ("w5", ("w5", "W5", "w_5", "w_{5}", "weight 5", "w5 权重", "peso w5", "w5 (Gewicht)")),
        (
            "w5'",
            (
                *("new w5", "w5'", "w5′", "w₅’", "w5_new", "updated w5", "w5+", "w5⁺", "next w_5"),
                *(
                    "new_w5",
                    "nw5",
                    "w5 (new)",
                    "w_{5}'",
                    "neu w5",
                    "new weight 5",
                    "w5 (t+1)",
                    "W5_{t+1}",
                ),
            ),
        ),
        ("b1'", ("new b1", "b1_new", "bias 1'")),
        ("b1", ("b1", "bias1", "B_1")),
        ("h1", ("h1", "H1", "net_h1", "z_h1", "net h1")),
        ("a_h1", ("a_h1", "ah1", "A_H1", "out_h1", "σ(h1)", "sigmoid(h1)", "a(h1)", "a_{h1}")),
        ("a_o2", ("a_o2", "ao2", "out_o2", "σ(o2)")),
        ("h1_2", ("h1,2", "h1_2", "h1.2")),
        ("E1", ("E1", "e1", "error 1", "Loss1", "E_1")),
        ("E_total", ("E_t", "E_tot", "E_Total", "E_T", "Etotal", "E", "Total Error", "loss")),
        (
            "dE/dw1",
            (
                *("∂E/∂w1", "∂E_T/∂w1", "∂E_t/∂w1", "δE_total/δw1", "E∂w1", "dE/dw1", "ΔE/Δw1"),
                *("∂E/∂w₁", "dE_total/dw1", "∇w1", "grad w1", "dE / dw1", "∂E_T/∂w1 梯度"),
                r"$\partial E/\partial w_{1}$",
            ),
        ),
        ("dE/db2", ("∂E/∂b2", "dE/db2")),
        ("dE/do1", ("δ_o1", "∂E/∂o1", "delta o1")),
        ("da_o1/do1", ("∂a_o1/∂o1",)),
        ("h1@2", ("h1⁽²⁾", "h1(2)")),
        ("η", ("η", "lr", "Learning rate", "eta")),
        (
            "",
            (
                "",
                "Δw1",
                "new",
                "iteration",
                "notes",
                "my own",
                "p1",
                "a sentence about w1 and w2",
                "x" * 99,
            ),
        ),
    ],
)
def test_spellings(name: str, spellings: tuple[str, ...]) -> None:
    symbols = {text: str(read_header(text) or "") for text in spellings}
    assert symbols == dict.fromkeys(spellings, name)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("η=0.1", 0.1), ("LR = 2", 2.0), ("learning rate .5", 0.5), ("w1", None), ("η", None)],
)
def test_rates_in_labels(text: str, rate: float | None) -> None:
    assert rate_in(text) == rate
