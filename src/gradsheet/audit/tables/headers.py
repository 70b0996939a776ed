"""What people write above a column, as symbols: ``δE_total/δw1`` is ``dE/dw1``.

Only the spelling is read here. Whether the column holds what its header says is found out from its
formulas.
"""

import re
import unicodedata
from functools import lru_cache

from gradsheet.networks.symbols import LEARNING_RATE, LOSS, Kind, Symbol

_LONGEST = 60  # characters; what is longer is a sentence, not a name
_D = str.maketrans(dict.fromkeys("∂δΔ∆𝛿𝜕𝝏", "d") | dict.fromkeys("∇𝛁", "grad"))

_NUMBER = r"(\d+(?:[,_.]\d+)?)"
_EXAMPLE = r"(?:@(\d+)|\((\d+)\))?"
_LOSS = r"(?:e|err|error|l|loss|j|c|cost)"
_TOTAL = r"(?:t|tot|total|sum)"
_ACTIVATED = r"(?:a|act|activation|out|sigma|sig|sigmoid|tanh|relu|f)"
_OF_OUTPUT = r"(?:o|out|output)?"
_SUMMED = r"(?:net|z|s|sum|in)"

# In the order in which they are tried. The first group is the number, then those of the example.
_PATTERNS = tuple(
    (re.compile(pattern + _EXAMPLE), kind)
    for pattern, kind in (
        (rf"(?:y|(?:t|target|desired|expected|label){_OF_OUTPUT}){_NUMBER}", Kind.TARGET),
        (rf"(?:i|x|in|inp|input){_NUMBER}", Kind.INPUT),
        (rf"(?:w|wt|weight|gewicht|peso|poids){_NUMBER}", Kind.WEIGHT),
        (rf"(?:b|bias){_NUMBER}", Kind.BIAS),
        (rf"{_ACTIVATED}\(?h{_NUMBER}\)?", Kind.HIDDEN_ACTIVATION),
        (rf"{_ACTIVATED}\(?o{_NUMBER}\)?", Kind.OUTPUT_ACTIVATION),
        (rf"{_SUMMED}?\(?h{_NUMBER}\)?", Kind.HIDDEN),
        (rf"{_SUMMED}?\(?o{_NUMBER}\)?", Kind.OUTPUT),
        (rf"{_LOSS}{_OF_OUTPUT}{_NUMBER}", Kind.ERROR),
    )
)
_SOFTMAX = re.compile(r"([lms])(?:@(\d+)|\((\d+)\))?")  # what the units of a softmax share
_SOFTMAX_KINDS = {"l": Kind.LOG_SUM, "m": Kind.LARGEST, "s": Kind.EXPONENTIALS}
_TOTAL_LOSS = re.compile(rf"(?:{_LOSS}{_TOTAL}?|{_TOTAL}{_LOSS}|tot(?:al)?)(?:@(\d+)|\((\d+)\))?")
_OF_MATRIX = re.compile(r".*\d\s*\[\s*\d+\s*(?:,\s*\d+\s*)*\]")  # W2[1,2] is of a layer
# Not a bare Δw, which is a step as often as a gradient.
_GRADIENT = re.compile(
    rf"(?:grad(?:ient)?(?:of)?d?|d?{_LOSS}{_TOTAL}?/?d?/?d?|d{_TOTAL}/d)([wb])_?(\d+)"
)
# A weight after the update; what it is a mark of stands before or after it.
_NEW = r"(?:new|next|updated|upd|neu|neue|neues|nuevo|nueva|novo|nova|nouveau|n)"
_NEXT = re.compile(
    rf"{_NEW}[ _-]*(?P<marked>\S.*)|(?P<before>\S.*?)[ _-]*(?:\(?{_NEW}\)?|['’′+]|[({{]?t\+1[)}}]?)"
)
_PARAMETERS = {"w": Kind.WEIGHT, "b": Kind.BIAS}
_DERIVATIVE = re.compile(r"d([^/]+)/d([^/]+)")
_RATE = re.compile(
    r"^rate(?![a-z])|(?<![a-z])(?:η|eta|lr|learning[ _]?rate|step[ _]?size|lernrate|alpha|α"
    r"|schrittweite|taux d.apprentissage|tasa de aprendizaje|taxa de aprendiza(?:do|gem)"
    r"|tasso di apprendimento|öğrenme oranı|leersnelheid)(?![a-z])|学习率|学習率|학습률",
    re.IGNORECASE,
)
_BIASES = re.compile(r"bias|biais|sesgo|viés|(?<![a-z])b\d*(?![a-z])", re.IGNORECASE)
_SAID_DERIVATIVE = re.compile(
    r"(?<![a-z])d[^/\s]{0,12}/\s*d[a-zα-ω]|['’′](?:\s*\(|$)|grad|deriv|dériv|ableit|abgeleitet"
    r"|slope|steigung|pente|pendiente|inclina"
)
_SAID_LOSS = re.compile(
    r"(?<![a-z])(?:loss|cost|error|err|mse|sse|rss|fehler|kosten|verlust|erreur|perte|co[uû]t"
    r"|costo|coste|custo|errore?|p[eé]rdida|perda|perdita|verlies|strata|błąd|hata|kayıp|j|e|l)"
    r"(?![a-z])|损失|误差|損失|誤差|ошибка|потер"
)
_SAID_DESCENT = re.compile(r"descent|minimi|abstieg|descente|descenso|descida|discesa")


@lru_cache(maxsize=4096)
def read_header(text: str) -> Symbol | None:
    """The value that a header names; None where it names none.

    >>> texts = ("T1", "E_tot", "∂E_T/∂w1", "E∂w1", "w₅ (weight)", "σ(h1)")
    >>> [str(read_header(text)) for text in texts]
    ['t1', 'E_total', 'dE/dw1', 'dE/dw1', 'w5', 'a_h1']
    """
    if len(text) > _LONGEST or _OF_MATRIX.fullmatch(text.strip()):
        return None
    if following := _next(text):
        return following
    whole = _plain(text)
    if symbol := _symbol(whole.replace(" ", "")):
        return symbol
    words = [_symbol(word) for word in re.split(r"[\s|;:=,\[\]【】（）]+", whole)]
    found = [word for word in words if word]
    return found[0] if len(set(found)) == 1 else None


def _next(text: str) -> Symbol | None:
    """The new weight that a header names: ``new w1``, ``w1'``, ``w1⁺``."""
    match = _NEXT.fullmatch(unicodedata.normalize("NFKC", text.strip()).lower())
    of = _value(_plain(match["marked"] or match["before"]).replace(" ", "")) if match else None
    return of.next if of and of.is_parameter else None


def is_rate(text: str) -> bool:
    """Whether a label announces a learning rate."""
    return bool(_RATE.search(text)) and len(text) <= _LONGEST


def is_about_biases(text: str) -> bool:
    """Whether a label names a bias: ``η of the biases``, ``lr b``."""
    return bool(_BIASES.search(text)) and len(text) <= _LONGEST


def is_derivative(text: str) -> bool:
    """Whether a header announces a derivative: ``dy/dx``, ``∂f``, ``f'(x)``, ``gradient``."""
    return bool(_SAID_DERIVATIVE.search(_plain_text(text)))


def is_loss(text: str) -> bool:
    """Whether a header announces what is to be made small."""
    return len(text) <= _LONGEST and bool(_SAID_LOSS.search(_plain_text(text)))


def is_about_descent(text: str) -> bool:
    """Whether a text tells that something is made small."""
    return len(text) <= _LONGEST and bool(_SAID_DESCENT.search(_plain_text(text)))


def _plain_text(text: str) -> str:
    return unicodedata.normalize("NFKC", text.translate(_D)).lower().translate(_D)


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


def _symbol(text: str) -> Symbol | None:
    if re.fullmatch(_RATE, text):
        return LEARNING_RATE
    return _value(text) or _gradient(text)


def _value(text: str) -> Symbol | None:
    text = _joined(text)
    for pattern, kind in _PATTERNS:
        if match := pattern.fullmatch(text):
            number, *examples = match.groups()
            return Symbol(kind, _numbers(number), _example(*examples))
    if match := _SOFTMAX.fullmatch(text):
        return Symbol(_SOFTMAX_KINDS[match[1]], (), _example(match[2], match[3]))
    if match := _TOTAL_LOSS.fullmatch(text):
        example = _example(*match.groups())
        return Symbol(Kind.EXAMPLE_LOSS, (), example) if example else LOSS
    return None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.split(r"[,_.]", text))


def _example(*written: str | None) -> int | None:
    return next((int(example) for example in written if example), None)


def _joined(text: str) -> str:
    """Without low lines and hyphens, but between two digits."""
    return re.sub(r"(?<!\d)[_-]|[_-](?!\d)", "", text)


def _gradient(text: str) -> Symbol | None:
    if match := _GRADIENT.fullmatch(_joined(text)):
        return Symbol(_PARAMETERS[match[1]], (int(match[2]),)).gradient
    if match := _DERIVATIVE.fullmatch(text):
        above, below = _value(match[1]), _value(match[2])
        if above is None or below is None:
            return None
        return below.gradient if above == LOSS else above.derivative(below)
    below = _value(text[1:].lstrip("_")) if text.startswith("d") else None
    is_unit = below is not None and (below.is_pre_activation or below.is_activation)
    return below.gradient if below and is_unit else None
