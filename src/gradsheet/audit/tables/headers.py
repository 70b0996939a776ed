"""What people write above a column, as the names this package uses: ``δE_total/δw1`` is ``dE/dw1``.

Only the spelling is read here. Whether the column holds what its header says is found out from its
formulas.
"""

import re
import unicodedata
from functools import lru_cache

_LONGEST = 60  # characters; what is longer is a sentence, not a name
_D = str.maketrans(dict.fromkeys("∂δΔ∆𝛿𝜕𝝏", "d") | dict.fromkeys("∇𝛁", "grad"))

_NUMBER = r"(\d+(?:[,_.]\d+)?)"
_EXAMPLE = r"(?:@(\d+)|\((\d+)\))?"
_LOSS = r"(?:e|err|error|l|loss|j|c|cost)"
_TOTAL = r"(?:t|tot|total|sum)"
_ACTIVATED = r"(?:a|act|activation|out|sigma|sig|sigmoid|tanh|relu|f)"
_SUMMED = r"(?:net|z|s|sum|in)"

# In the order in which they are tried. The first group is the number, then those of the example.
_PATTERNS = tuple(
    (re.compile(pattern + _EXAMPLE), name)
    for pattern, name in (
        (rf"(?:t|target|y|desired|expected|label){_NUMBER}", "t{}"),
        (rf"(?:i|x|in|inp|input){_NUMBER}", "i{}"),
        (rf"(?:w|wt|weight|gewicht|peso|poids){_NUMBER}", "w{}"),
        (rf"(?:b|bias){_NUMBER}", "b{}"),
        (rf"{_ACTIVATED}\(?h{_NUMBER}\)?", "a_h{}"),
        (rf"{_ACTIVATED}\(?o{_NUMBER}\)?", "a_o{}"),
        (rf"{_SUMMED}?\(?h{_NUMBER}\)?", "h{}"),
        (rf"{_SUMMED}?\(?o{_NUMBER}\)?", "o{}"),
        (rf"{_LOSS}{_NUMBER}", "E{}"),
    )
)
_SOFTMAX = re.compile(r"([lms])(?:@(\d+)|\((\d+)\))?")  # what the units of a softmax share
_TOTAL_LOSS = re.compile(rf"(?:{_LOSS}{_TOTAL}?|{_TOTAL}{_LOSS}?)(?:@(\d+)|\((\d+)\))?")
# Not a bare Δw, which is a step as often as a gradient.
_GRADIENT = re.compile(
    rf"(?:grad(?:ient)?(?:of)?d?|d?{_LOSS}{_TOTAL}?/?d?/?d?|d{_TOTAL}/d)([wb])_?(\d+)"
)
_DERIVATIVE = re.compile(r"d([^/]+)/d([^/]+)")
_RATE = re.compile(
    r"(?<![a-z])(?:η|eta|lr|learning[ _]?rate|lernrate|alpha|α)(?![a-z])", re.IGNORECASE
)


@lru_cache(maxsize=4096)
def read_header(text: str) -> str:
    """The name that a header spells, or an empty text.

    >>> [read_header(text) for text in ("T1", "E_tot", "∂E_T/∂w1", "E∂w1", "w₅ (weight)", "σ(h1)")]
    ['t1', 'E_total', 'dE/dw1', 'dE/dw1', 'w5', 'a_h1']
    """
    if len(text) > _LONGEST:
        return ""
    whole = _plain(text)
    if name := _name(whole.replace(" ", "")):
        return name
    words = [_name(word) for word in re.split(r"[\s|;:=,\[\]【】（）]+", whole)]
    found = [word for word in words if word]
    return found[0] if len(set(found)) == 1 else ""


def is_rate(text: str) -> bool:
    """Whether a label announces a learning rate."""
    return bool(_RATE.search(text)) and len(text) <= _LONGEST


def rate_in(text: str) -> float | None:
    """The learning rate that a label states, ``η = 0.5``; None where it states none."""
    match = re.search(r"(\d+\.?\d*|\.\d+)\s*$", text.strip())
    return float(match[1]) if match and is_rate(text) else None


def _plain(text: str) -> str:
    """Lower case, one kind of d, no marks of typesetting."""
    text = re.sub(r"[⁽(]([⁰¹²³⁴⁵⁶⁷⁸⁹]+|\d+)[⁾)]$", r"@\1", text.strip())
    text = unicodedata.normalize("NFKC", text.translate(_D)).lower().translate(_D)
    text = re.sub(r"\\(?:partial|delta)", "d", text).replace("σ", "sigma")
    text = re.sub(r"\b(?:delta|partial)\s*(?=\w)", "d", text)
    return re.sub(r"[{}$\\^*'\"]", "", text).strip()


def _name(text: str) -> str:
    if re.fullmatch(_RATE, text):
        return "η"
    return _value(text) or _gradient(text)


def _value(text: str) -> str:
    text = _joined(text)
    for pattern, name in _PATTERNS:
        if match := pattern.fullmatch(text):
            number, *examples = match.groups()
            number = re.sub(r"[,.]", "_", number)
            return name.format(number) + _at(examples)
    if match := _SOFTMAX.fullmatch(text):
        return {"l": "L", "m": "m", "s": "S"}[match[1]] + _at([match[2], match[3]])
    if match := _TOTAL_LOSS.fullmatch(text):
        example = _at(list(match.groups()))
        return f"E{example}" if example else "E_total"
    return ""


def _at(examples: list[str | None]) -> str:
    return next((f"@{example}" for example in examples if example), "")


def _joined(text: str) -> str:
    """Without low lines and hyphens, but between two digits."""
    return re.sub(r"(?<!\d)[_-]|[_-](?!\d)", "", text)


def _gradient(text: str) -> str:
    if match := _GRADIENT.fullmatch(_joined(text)):
        return f"dE/d{match[1]}{match[2]}"
    if match := _DERIVATIVE.fullmatch(text):
        above, below = _value(match[1]), _value(match[2])
        above = "E" if above == "E_total" else above
        return f"d{above}/d{below}" if above and below else ""
    if text.startswith("d") and re.match(r"[aho]", below := _value(text[1:].lstrip("_"))):
        return f"dE/d{below}"
    return ""
