"""Node and what `make explorer-sources` makes, for the tests of the pages."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

SOURCES = Path(__file__).parents[2] / "explorer"
ESBUILD = SOURCES / "node_modules" / ".bin" / "esbuild"

_BROWSER_DIED = "Target page, context or browser has been closed"
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


def walked(script: str, *arguments: str) -> dict[str, Any]:
    """What a walk of explorer/test through pages in Chromium has seen.

    A machine short of memory kills the browser first: the walk then begins again, twice at most.
    """
    command = ["node", f"test/{script}", *arguments]
    for _ in range(3):
        done = subprocess.run(command, cwd=SOURCES, capture_output=True, text=True, timeout=900)
        if _BROWSER_DIED not in done.stderr:
            break
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def answered(script: Path, question: object) -> Any:
    """What a bundled script answers to a question."""
    asked = json.dumps(question)
    done = subprocess.run(["node", script], input=asked, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
