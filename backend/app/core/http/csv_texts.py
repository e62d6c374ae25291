"""CSV (RFC 4180) that a spreadsheet shows and does not run."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

_BLANKS: Final = r"(?:[^\S\t\r\n]|[\ufeff\u200b])*"
_FORMULA: Final = re.compile(rf"^(?=[\t\r\n])|(?:^|(?<=[;\t\r\n]))(?={_BLANKS}[=+\-@＝＋－＠])")
"""Where a spreadsheet would take what comes for a formula, after spaces and in full width too.

Not only at the start: where a comma is the decimal sign, a semicolon ends a cell, even between quotes
(OWASP, CSV injection).
"""


def csv_text(names: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """A line of names and one for each row, in UTF-8; None is an empty cell."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([_shown(value) for value in row] for row in rows)
    return lines.getvalue().encode()


def _shown(value: object) -> object:
    """The value; in a text, what would be run has an apostrophe before it."""
    return _FORMULA.sub("'", value) if isinstance(value, str) else value
