"""Node and what `make explorer-sources` makes, for the tests of the pages."""

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "explorer"
ESBUILD = SOURCES / "node_modules" / ".bin" / "esbuild"

_GENERATED = SOURCES / "src" / "engine" / "operations.ts"

needs_node = pytest.mark.skipif(
    not (shutil.which("node") and ESBUILD.is_file() and _GENERATED.is_file()),
    reason="needs Node and `make explorer-sources`",
)
needs_chromium = pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")


def bundle(script: str, folder: Path) -> Path:
    """A TypeScript file of explorer/test with all it imports, as one file for Node."""
    made = folder / f"{Path(script).stem}.cjs"
    command = [str(ESBUILD), str(SOURCES / "test" / script), "--bundle", "--platform=node"]
    subprocess.run([*command, f"--outfile={made}", "--log-level=warning"], check=True)
    return made
