"""Draw the test digits that the pretrained weights classify wrongly.

python docs/draw_mistakes.py FILE.png
"""

import sys
from pathlib import Path

from gradsheet.cli.outputs import write_misclassified
from gradsheet.digits.data import load
from gradsheet.digits.evaluation import evaluate
from gradsheet.digits.model_files import load_model

test = load().test
write_misclassified(evaluate(load_model(None), test), test, Path(sys.argv[1]))
