"""Reports to draw, and what is found in their drawings."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID
from xml.etree import ElementTree

from app.api.reports.drawing import BOTTOM, draw
from app.api.reports.schemas import TimeReport, TimeRow

SVG = "{http://www.w3.org/2000/svg}"
FIRST = date(2026, 5, 1)
Element = ElementTree.Element


def row(day: int, code: int | None, seconds: int, name: str | None = None) -> TimeRow:
    """The time of a day on a code."""
    id_ = None if code is None else UUID(int=code)
    text = None if code is None else name or f"CODE-{code}"
    day_ = FIRST + timedelta(days=day)
    return TimeRow(
        day=day_, time_code_id=id_, time_code=text, time_code_name=text, seconds=seconds, entries=1
    )


def report(
    rows: Iterable[TimeRow], days: int = 7, group: tuple[str, ...] = ("day", "time_code")
) -> TimeReport:
    """A report of so many days."""
    found = list(rows)
    return TimeReport(
        from_=FIRST,
        to=FIRST + timedelta(days=days - 1),
        tz="Europe/Berlin",
        week_start="monday",
        group=cast(Any, list(group)),
        rounding="none",
        rows=found,
        total_seconds=sum(each.seconds for each in found),
        entries=len(found),
        running=False,
    )


def drawn(found: TimeReport) -> Element:
    """The drawing, parsed."""
    root = ElementTree.fromstring(draw(found))  # noqa: S314 (our own)
    assert root.tag == f"{SVG}svg"
    return root


def pieces(root: Element) -> list[Element]:
    """The pieces of the bars: those that say what they are."""
    return [each for each in root.iter(f"{SVG}rect") if each.find(f"{SVG}title") is not None]


def words(root: Element) -> list[str]:
    """What stands written."""
    return [each.text or "" for each in root.iter(f"{SVG}text")]


def at(each: Element, name: str) -> float:
    return float(each.get(name, ""))


def told(root: Element) -> list[str]:
    """What the pieces say, without the marks that keep names apart."""
    return [re.sub("[\u2068\u2069]", "", each.findtext(f"{SVG}title", "")) for each in pieces(root)]


def labels(root: Element) -> list[Element]:
    """What stands below the bars."""
    return [each for each in root.iter(f"{SVG}text") if at(each, "y") == BOTTOM + 20]
