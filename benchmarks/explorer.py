"""The pages for a browser: how large and how fast they are; the digit classifier of digits.html.

python benchmarks/explorer.py [--images 10000] [--gradients 200] [-o results/explorer.json]
python benchmarks/explorer.py --keep-digits: without the classifier, whose figures stay

The classifier's logits and gradients are compared with PyTorch's, the gradients in float64; ties
of max pooling by the same rule. The times are CPU milliseconds of Node, and those of backprop.html
of the main thread of Chromium (explorer/test/interactions.mjs); the first paint is on the clock. It
needs Chromium, `npm ci` in explorer/ and what `make explorer-sources` generates.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the comparison is that of the tests

from gradsheet.digits.data import ImageSet, load
from gradsheet.explorer.build import write_pages
from gradsheet.processes import processor_name
from tests.explorer.nodes import walked
from tests.explorer.page_classifier import by_page, difference_of_gradients, difference_of_logits


def classifier(count: int, gradients: int, folder: Path) -> dict[str, Any]:
    """How far digits.html is from PyTorch, and how long it takes for an image."""
    test = load().test
    images = ImageSet(test.images[:count], test.labels[:count])
    found = by_page(images, gradients, folder)
    difference, alike = difference_of_logits(images, found["logits"])
    return {
        "images": len(images.labels),
        "classified_as_by_torch": alike,
        "largest_difference_of_logits": difference,
        "gradients_of_images": len(found["backward"]),
        "largest_difference_of_gradients": difference_of_gradients(images, found["backward"]),
        "forward_ms": round(found["milliseconds"], 2),
        "backward_ms": round(found["backwardMilliseconds"], 2),
    }


def main() -> None:
    """Compare, print a table, write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--gradients", type=int, default=200)
    parser.add_argument("--keep-digits", action="store_true")
    parser.add_argument("-o", "--output", type=Path, default=Path("results/explorer.json"))
    options = parser.parse_args()
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    result: dict[str, dict[str, Any]] = {
        "machine": {"processor": processor_name(), "node": node.stdout.strip()}
    }
    with TemporaryDirectory() as name:
        folder = Path(name)
        pages = {path.name: path for path in write_pages(folder)}
        result["bytes"] = {name: path.stat().st_size for name, path in pages.items()}
        if options.keep_digits:
            result["digits"] = json.loads(options.output.read_text())["digits"]
        else:
            result["digits"] = classifier(options.images, options.gradients, folder)
        result["backprop"] = walked("interactions.mjs", pages["backprop.html"].as_uri())
    options.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for section in ("bytes", "digits"):
        for key, value in result[section].items():
            print(f"{key:35} {value}")
    print(f"{'first paint of backprop.html, ms':35} {result['backprop']['first_paint_ms']}")
    for network in ("course", "of_100_examples"):
        for panel, times in result["backprop"][network].items():
            update = times["update"]
            print(f"{f'update, {network}, {panel}':35} {update['median_ms']} ms")


if __name__ == "__main__":
    main()
