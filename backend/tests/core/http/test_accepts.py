"""Which form a client wants, by its Accept header."""

import pytest
from litestar import Request
from litestar.types import HTTPScope

from app.core.http.accepts import wants_csv


@pytest.mark.parametrize(
    ("accept", "csv"),
    [
        ([], False),
        (["*/*"], False),
        (["text/csv"], True),
        (["TEXT/CSV; charset=utf-8"], True),
        (["text/*"], True),
        (["application/json, text/csv"], False),
        (["text/csv, application/json;q=0.9"], True),
        (["text/csv;q=0.5, application/json"], False),
        (["text/csv;header=present;q=0.5, application/json;q=0.4"], True),
        (["text/csv, */*;q=0.1"], True),
        (["text/csv;q=0, */*"], False),
        (["text/csv;q=0"], False),
        (["text/csv", "application/json;q=0.1"], True),
        (["text/csv;q=inf"], False),
        (["text/csv;q=nan, application/json;q=0"], False),
        (["text/csv;q=1.5"], False),
        (["image/png"], False),
        ([",;=,"], False),
        (["text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8"], False),
    ],
)
def test_csv_is_for_who_likes_it_better(accept: list[str], csv: bool) -> None:
    headers = [(b"accept", value.encode()) for value in accept]
    scope: HTTPScope = {"type": "http", "headers": headers}  # type: ignore[typeddict-item] # all that is read
    assert wants_csv(Request(scope)) is csv
