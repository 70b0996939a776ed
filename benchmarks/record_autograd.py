"""Record what torch says of the networks that come with the package.

python benchmarks/record_autograd.py
"""

import json
from pathlib import Path

from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.networks.torch_reference import RECORD, compute


def main() -> None:
    """Write the record that ``gradsheet.networks.torch_reference`` reads."""
    found = {preset: compute(load_network(preset)) for preset in PRESETS}
    networks = {
        preset: {
            "loss": result.loss,
            "gradients": {str(symbol): value for symbol, value in result.gradients.items()},
        }
        for preset, result in found.items()
    }
    record = {"torch": found["course"].version, "networks": networks}
    Path(str(RECORD)).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
