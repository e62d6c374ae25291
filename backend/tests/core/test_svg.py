"""SVG as text: whatever people write is text in it, and nothing else."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.svg import apart, cut, element, number, said

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(text=ANY_TEXT)
def test_any_text_is_text(text: str) -> None:
    drawn = element("text", said(text), name=text)
    [found] = ElementTree.fromstring(f"<svg>{drawn}</svg>")  # noqa: S314 (our own)
    assert (len(found), found.get("name")) == (0, found.text or "")
    assert len(found.text or "") == len(text)
    drawn.encode()


def test_what_xml_cannot_hold_is_replaced() -> None:
    assert said("a\0\x01\x1b\x7f\x85\ud800\uffff\t\r\nb") == "a" + "\ufffd" * 7 + "   b"
    assert said("</text><script>&'\"😀") == "&lt;/text&gt;&lt;script&gt;&amp;&#x27;&quot;😀"


@given(text=ANY_TEXT, cells=st.integers(1, 30))
def test_what_is_cut_has_room(text: str, cells: int) -> None:
    found = cut(text, cells)
    assert found == text or found.endswith("…")
    assert len(found) <= cells or any(not character.isascii() for character in found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("abcdef", "abcdef"),
        ("abcdefg", "abcde…"),
        ("abcd efg", "abcd…"),
        ("日本語", "日本語"),
        ("日本語語", "日本…"),
        ("e\u0301" * 6, "e\u0301" * 6),
        ("", ""),
    ],
)
def test_wide_characters_take_two_cells(text: str, found: str) -> None:
    assert cut(text, 6) == found


def test_numbers_are_short() -> None:
    assert [number(value) for value in (0, 1.0, 0.25, 1 / 3, 100, 2.999)] == [
        "0",
        "1",
        "0.25",
        "0.33",
        "100",
        "3",
    ]
    assert (
        element("rect", class_="a", text_anchor="end", x=1.5) == '<rect class="a" text-anchor="end" x="1.5"/>'
    )


def test_a_text_apart_turns_no_other_round() -> None:
    assert apart("\u202eabc") == "\u2068\u202eabc\u2069"
