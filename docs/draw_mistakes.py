"""Draw the test digits that the shipped weights read wrongly.

python docs/draw_mistakes.py FILE.png
"""

import sys
from pathlib import Path

from gradsheet import plots
from gradsheet.digits.dataset import load
from gradsheet.digits.evaluate import evaluate
from gradsheet.digits.run import load_model

test = load().test
result = evaluate(load_model(None), test)
wrong = result.mistakes
truths, readings = test.labels[wrong].tolist(), result.predictions[wrong].tolist()
plots.mistakes(test.images[wrong].numpy(), truths, readings, Path(sys.argv[1]))
