"""Draw the test digits that the shipped weights read wrongly.

python docs/draw_mistakes.py FILE.png
"""

import sys
from pathlib import Path

from gradsheet.digits.dataset import load
from gradsheet.digits.evaluate import evaluate
from gradsheet.digits.run import load_model
from gradsheet.reports import write_mistakes

test = load().test
write_mistakes(evaluate(load_model(None), test), test, Path(sys.argv[1]))
