"""The drawing of a report: standing alone, as high as the time, and seen however long the range."""

import re
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.api.reports.drawing import BARS_MAX, BOTTOM, LABEL_WIDTH, LEFT, RIGHT, TOP, draw
from app.api.reports.schemas import UNITS, TimeRow
from tests.api.reports.drawings import FIRST, SVG, at, drawn, labels, pieces, report, row, told, words


def test_it_stands_alone_and_says_what_it_is() -> None:
    root = drawn(report([row(0, 1, 7200), row(2, 2, 5400), row(2, None, 1800)]))
    assert root.get("role") == "img"
    assert re.fullmatch(r"0 0 960 \d+", root.get("viewBox", ""))
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == "Time by day and time code"
    assert re.sub("[\u2068\u2069]", "", root.findtext(f"{SVG}desc", "")) == (
        "2026-05-01 to 2026-05-07, Europe/Berlin: 4 h in all. Most in 2026-05-01: 2 h."
        " CODE-1 2 h; CODE-2 1 h 30 min; No time code 30 min."
    )
    assert {each.tag.removeprefix(SVG) for each in root.iter()} == {
        *("svg", "title", "desc", "style", "rect", "text")
    }
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg\")|url\(|href|@import| on\w+=", draw(report([])))


def test_a_piece_is_as_high_as_its_time_and_they_stack() -> None:
    root = drawn(report([row(0, 1, 7200), row(2, 2, 3600), row(2, 1, 10_800), row(2, None, 7200)]))
    assert told(root) == [
        "CODE-1, 2026-05-01: 2 h",
        "CODE-1, 2026-05-03: 3 h",
        "CODE-2, 2026-05-03: 1 h",
        "No time code, 2026-05-03: 2 h",
    ]
    hour = (BOTTOM - TOP) / 6
    assert [round(at(each, "height") + 1, 2) for each in pieces(root)] == [
        round(hours * hour, 2) for hours in (2, 3, 1, 2)
    ]
    assert [round(at(each, "y"), 1) for each in pieces(root)] == [
        round(BOTTOM - hours * hour, 1) for hours in (2, 3, 4, 6)
    ]
    assert [each.get("class") for each in pieces(root)] == ["c0", "c0", "c1", "none"]
    assert [text for text in words(root) if text.endswith(" h")][1:8] == [f"{hours} h" for hours in range(7)]


@pytest.mark.parametrize(
    ("seconds", "hours"),
    [
        (1, ["0 h", "0.25 h"]),
        (5400, ["0 h", "0.25 h", "0.5 h", "0.75 h", "1 h", "1.25 h", "1.5 h"]),
        (8 * 3600, ["0 h", "2 h", "4 h", "6 h", "8 h"]),
        (86_400, ["0 h", "4 h", "8 h", "12 h", "16 h", "20 h", "24 h"]),
        (86_401, ["0 h", "6 h", "12 h", "18 h", "24 h", "30 h"]),
        (
            10**12,
            ["0 h", "48000000 h", "96000000 h", "144000000 h", "192000000 h", "240000000 h", "288000000 h"],
        ),
    ],
)
def test_the_hours_at_the_side_are_few_and_round(seconds: int, hours: list[str]) -> None:
    root = drawn(report([row(0, 1, seconds)]))
    assert [text for text in words(root)[2:] if re.fullmatch(r"[\d.]+ h", text)][: len(hours)] == hours


@pytest.mark.parametrize("days", [1, 2, 7, 31, 366, 400, 401, 3660])
def test_bars_can_be_seen_and_labels_do_not_touch_however_many_days(days: int) -> None:
    root = drawn(report([row(day, 1, 3600) for day in range(days)], days))
    bars = pieces(root)
    assert 1 <= len(bars) <= min(days, BARS_MAX)
    assert all(1.5 <= at(each, "width") <= 72 for each in bars)
    assert at(bars[0], "x") >= LEFT
    assert at(bars[-1], "x") + at(bars[-1], "width") <= RIGHT
    assert all(at(one, "x") + at(one, "width") < at(other, "x") for one, other in pairwise(bars))
    places = [at(each, "x") for each in labels(root)]
    assert places
    assert all(other - one >= LABEL_WIDTH - 0.02 for one, other in pairwise(places))
    assert ("14 days a bar" in words(root)[1]) == (days == 3660)
    assert len(draw(report([row(day, 1, 3600) for day in range(days)], days))) < 100_000


def test_days_drawn_as_one_keep_their_time() -> None:
    root = drawn(report([row(0, 1, 60), row(13, 1, 60), row(14, 1, 60), row(3659, 1, 60)], 3660))
    assert told(root) == [
        "CODE-1, 2026-05-01 to 2026-05-14: 2 min",
        "CODE-1, 2026-05-15 to 2026-05-28: 1 min",
        "CODE-1, 2036-05-02 to 2036-05-07: 1 min",
    ]


def test_the_least_time_can_be_seen() -> None:
    root = drawn(report([row(0, 1, 360_000), row(1, 1, 1)]))
    assert [each.get("height") for each in pieces(root)][1] == "0.75"


def test_without_time_it_says_so() -> None:
    root = drawn(report([]))
    assert pieces(root) == []
    assert "There is no time in this range." in words(root)
    assert root.findtext(f"{SVG}desc") == "2026-05-01 to 2026-05-07, Europe/Berlin: 0 h in all."


def test_the_codes_with_the_least_time_are_drawn_as_one() -> None:
    rows = [row(0, code, 3600 * (12 - code)) for code in range(10)]
    root = drawn(report([*rows, row(0, None, 60)]))
    assert [each.get("class") for each in pieces(root)] == [
        *(f"c{place}" for place in range(7)),
        "other",
        "none",
    ]
    assert told(root)[-2:] == ["3 more, 2026-05-01: 12 h", "No time code, 2026-05-01: 1 min"]
    legend = words(root)[-18:]
    assert legend[:4] == ["CODE-0", "12 h", "CODE-1", "11 h"]
    assert legend[-4:] == ["3 more", "12 h", "No time code", "1 min"]


def test_codes_of_one_name_are_two() -> None:
    root = drawn(report([row(0, 1, 60, "OPS"), row(0, 2, 120, "OPS")]))
    assert told(root) == ["OPS, 2026-05-01: 2 min", "OPS, 2026-05-01: 1 min"]


@settings(max_examples=40)
@given(
    rows=st.lists(
        st.builds(row, st.integers(0, 40), st.none() | st.integers(0, 12), st.integers(0, 10**6)), max_size=40
    ),
    days=st.integers(1, 50),
)
def test_the_pieces_add_up_whatever_the_report(rows: list[TimeRow], days: int) -> None:
    found = report(rows, days)
    text = draw(found)
    assert text == draw(found)
    root = ElementTree.fromstring(text)  # noqa: S314 (our own)
    most = max(
        [0, *(sum(each.seconds for each in rows if each.day == day) for day in {each.day for each in rows})]
    )
    highest = min([BOTTOM, *(at(each, "y") for each in pieces(root))])
    assert highest >= TOP - 0.01
    assert (highest < BOTTOM) == (most > 0)


@pytest.mark.parametrize("axis", ["day", "week", "month"])
@pytest.mark.parametrize("stack", [None, "task", "time_code", "work_type", "tag", "month", "week"])
def test_any_unit_of_time_is_an_axis_and_any_other_stacks(axis: str, stack: str | None) -> None:
    if axis == stack:
        axis = "day"
    values: dict[str, Any] = {"day": FIRST, "week": date(2026, 4, 27), "month": "2026-05"}
    keys = {name: values.get(name, "home") for name in UNITS.get(stack or "", ())}
    if stack in ("task", "time_code", "work_type"):
        keys[f"{stack}_id"] = UUID(int=1)
    time_row = TimeRow(**{axis: values[axis]}, **keys, seconds=3600, entries=1)
    root = drawn(report([time_row], 70, (axis, stack) if stack else (axis,)))
    named = {"week": "2026-04-27", "month": "2026-05"}.get(stack or "", "home" if stack else "Time")
    assert told(root) == [f"{named}, {values[axis]}: 1 h"]
    assert labels(root)[0].text == str(values[axis])


def test_weeks_start_where_the_report_says() -> None:
    found = msgspec.structs.replace(report([], 14, ("week",)), week_start="sunday")
    assert [each.text for each in labels(drawn(found))] == ["2026-04-26", "2026-05-03", "2026-05-10"]


def test_a_report_without_a_unit_of_time_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="tag"):
        draw(report([], 7, ("tag",)))


def test_a_running_timer_is_told() -> None:
    found = msgspec.structs.replace(report([row(0, 1, 60)]), running=True)
    assert (drawn(found).findtext(f"{SVG}desc") or "").endswith("A timer still runs.")
