"""The pages for a browser: how large they are, and the digit classifier of digits.html by Node.

python benchmarks/explorer.py [--images 10000] [--gradients 200] [-o results/explorer.json]

The classifier's logits and gradients are compared with PyTorch's, the gradients in float64; ties
of max pooling by the same rule. The times are CPU milliseconds of Node. It needs `npm ci` in
explorer/ and what `make explorer-sources` generates.
"""

import argparse
import json
import platform
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the comparison is that of the tests

from gradsheet.digits.data import ImageSet, load
from gradsheet.explorer.build import write_pages
from tests.explorer.page_classifier import by_page, difference_of_gradients, difference_of_logits


def processor() -> str:
    """The name of the processor, as Linux has it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    found = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return next(found, platform.processor())


def main() -> None:
    """Compare, print a table, write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--gradients", type=int, default=200)
    parser.add_argument("-o", "--output", type=Path, default=Path("results/explorer.json"))
    options = parser.parse_args()
    test = load().test
    images = ImageSet(test.images[: options.images], test.labels[: options.images])
    with TemporaryDirectory() as name:
        folder = Path(name)
        sizes = {path.name: path.stat().st_size for path in write_pages(folder)}
        found = by_page(images, options.gradients, folder)
    difference, alike = difference_of_logits(images, found["logits"])
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    result: dict[str, dict[str, Any]] = {
        "machine": {"processor": processor(), "node": node.stdout.strip()},
        "bytes": sizes,
        "digits": {
            "images": len(images.labels),
            "classified_as_by_torch": alike,
            "largest_difference_of_logits": difference,
            "gradients_of_images": len(found["backward"]),
            "largest_difference_of_gradients": difference_of_gradients(images, found["backward"]),
            "forward_ms": round(found["milliseconds"], 2),
            "backward_ms": round(found["backwardMilliseconds"], 2),
        },
    }
    options.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for section in ("bytes", "digits"):
        for key, value in result[section].items():
            print(f"{key:35} {value}")


if __name__ == "__main__":
    main()
