"""Makes `app` importable in a script, wherever it is run from: import this first."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "backend"))
