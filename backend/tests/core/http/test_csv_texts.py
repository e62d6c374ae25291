"""CSV that comes back as it was written, and that no spreadsheet runs."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.http.csv_texts import csv_text

cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.integers() | st.none()


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"),
        *("  =1", "\u00a0=1", "\u200b=1", "\ufeff=1", "＝1", "＋1", "－1", "＠1", " ＝1"),
    ],
)
def test_what_a_spreadsheet_would_run_has_an_apostrophe(text: str) -> None:
    body = csv_text(["name"], [[text]]).decode()
    assert list(csv.reader(io.StringIO(body, newline="")))[1] == [f"'{text}"]


@pytest.mark.parametrize("value", ["a=1", "1-1", "e-mail@home", "'=1", "", 0, -5])
def test_what_it_would_not_is_as_it_was(value: Any) -> None:
    body = csv_text(["name", "more"], [[value, None]]).decode()
    assert list(csv.reader(io.StringIO(body, newline="")))[1] == [str(value), ""]


def without(text: str) -> str:
    return text.replace("'", "")


@given(rows=st.lists(st.tuples(cells, cells)))
def test_cells_come_back_as_they_were(rows: list[tuple[Any, Any]]) -> None:
    text = csv_text(["one", "other"], rows).decode()
    assert text.startswith("one,other\r\n")
    found = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert len(found) == len(rows)
    for row, cells_ in zip(rows, found, strict=True):
        for value, cell in zip(row, cells_, strict=True):
            # Apostrophes are put in, and nothing else is changed.
            assert without(cell) == without("" if value is None else str(value))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("  @sum", "'  @sum"),
        ("\ufeff-2", "'\ufeff-2"),
        ("＝1", "'＝1"),
        ("\t", "'\t"),
        ("home;=1+1;x", "home;'=1+1;x"),
        ("home; +1", "home;' +1"),
        ("home\r\n=1", "home\r\n'=1"),
        ("home\r\nwork", "home\r\nwork"),
        ("home\t@sum", "home\t'@sum"),
        ("a;b, c = d - e", "a;b, c = d - e"),
        ("", ""),
    ],
)
def test_what_would_be_run_has_an_apostrophe_before_it(text: str, shown: str) -> None:
    lines = csv_text(["name", "seconds"], [[text, -5]]).decode()
    assert list(csv.reader(io.StringIO(lines, newline=""))) == [["name", "seconds"], [shown, "-5"]]


@pytest.mark.parametrize("text", ["x;=1+1;y", "x;\ty", 'x";=1+1;"', "x\r\n=1"])
def test_nor_is_anything_run_where_a_semicolon_ends_a_cell(text: str) -> None:
    lines = csv_text(["name"], [["first", text]]).decode()
    cells = [cell for line in csv.reader(lines.splitlines(), delimiter=";") for cell in line]
    assert not [cell for cell in cells if cell.startswith("=")]
