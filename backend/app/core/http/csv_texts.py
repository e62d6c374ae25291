"""CSV (RFC 4180) that a spreadsheet shows and does not run."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

_FORMULA: Final = re.compile(r"[\t\r\n]|[\s\ufeff\u200b]*[=+\-@＝＋－＠]")
"""What a spreadsheet takes for a formula, after spaces and in full width too (OWASP, CSV injection)."""


def csv_text(names: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """A line of names and one for each row, in UTF-8; None is an empty cell."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([_shown(value) for value in row] for row in rows)
    return lines.getvalue().encode()


def _shown(value: object) -> object:
    """The value; a text that would be run has an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
