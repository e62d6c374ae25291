"""The drawing of a report is inert whatever it is of, legible by day and by night, and asked strictly."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from app.api.reports.drawing import DARK, DRAWING_CSP, GREYS, LIGHT, STYLE, TimeDrawingQuery, draw, spoken
from app.core.errors import InvalidError
from app.core.http.query_strings import parse_query
from tests.api.reports.drawings import SVG, drawn, report, row, words

COLOURS = {*(f"c{place}" for place in range(len(LIGHT))), "other", "none"}


HOSTILE = [
    "</text><script>alert(1)</script>",
    "]]><!--&amp;--><![CDATA[",
    '" onload="alert(1)',
    "\x01\x08\x0b\x1b\x7f\x9f\uffff\ufffe",
    "\u202etxet",
    "😀👩‍🌾\U0010ffff",
    "x" * 500,
    "日" * 500,
    "&#0;",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_a_code_is_called_it_is_text(name: str) -> None:
    found = report([row(0, 1, 3600, name), row(0, 2, 60)])
    root, plain = drawn(found), drawn(report([row(0, 1, 3600), row(0, 2, 60)]))
    assert [each.tag for each in root.iter()] == [each.tag for each in plain.iter()]
    assert [each.attrib for each in root.iter()] == [each.attrib for each in plain.iter()]
    said = re.sub("[\x00-\x1f\x7f-\x9f\ufffe\uffff]", "\ufffd", name)
    [legend] = [text for text in words(root) if text[:3] == said[:3]]
    assert legend == said or (legend.endswith("…") and said.startswith(legend[:-1].rstrip()))
    assert len(legend) <= 28
    draw(found).encode()


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("mode", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_it_is_legible_by_day_and_by_night(mode: str, colours: tuple[str, ...]) -> None:
    greys = GREYS[mode]
    assert contrast(greys["ink"], greys["paper"]) >= 7
    assert min(contrast(colour, greys["paper"]) for colour in (*colours, greys["other"])) >= 2
    assert len({*colours, *greys.values()}) == len(colours) + len(greys)
    part = STYLE.partition("@media(prefers-color-scheme:dark)")[2 * (mode == "dark")]
    assert all(f"fill:{colour}" in part for colour in (*colours, *greys.values()))


def test_the_style_is_the_one_that_a_browser_is_allowed_to_apply() -> None:
    style = drawn(report([])).findtext(f"{SVG}style") or ""
    assert f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in DRAWING_CSP
    selectors = re.findall(r"([^{}]+)\{", style.replace("@media(prefers-color-scheme:dark){", ""))
    assert all(selector.startswith(".daybook-time") for selector in selectors)
    assert {selector.rpartition(".")[2] for selector in selectors} >= COLOURS


@pytest.mark.parametrize(
    ("seconds", "words_"),
    [
        (0, "0 h"),
        (1, "1 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (9060, "2 h 31 min"),
    ],
)
def test_lengths_of_time_in_words(seconds: int, words_: str) -> None:
    assert spoken(seconds) == words_


def test_what_can_be_drawn_is_asked_as_the_report_is() -> None:
    range_ = b"from=2026-05-01&to=2026-05-07"
    assert parse_query(range_, TimeDrawingQuery).group == "day,time_code"
    assert parse_query(range_ + b"&group=week", TimeDrawingQuery).units == ("week",)
    for group in (b"tag", b"time_code,day", b"hour", b""):
        with pytest.raises(InvalidError) as refused:
            parse_query(range_ + b"&group=" + group, TimeDrawingQuery)
        assert [fault.pointer for fault in refused.value.errors] == ["/group"]
