"""Reports on time drawn as SVG: bars along the days, weeks or months, stacked by the other key.

One small document that stands alone: nothing is loaded, nothing runs, and its style names its own
elements only, so that a page can also hold it inline.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from itertools import count
from math import ceil
from typing import Any, Final, get_args

from app.api.config.schemas import WeekDay
from app.api.reports.schemas import UNITS, Group, TimeQuery, TimeReport, TimeRow
from app.core.buckets import TIME_UNITS
from app.core.http.wire import FieldError
from app.core.svg import apart, cut, element, number, said

COLOURED: Final = 7
"""Stacks with a colour of their own: those with the most time. The others are drawn as one."""
BARS_MAX: Final = 400
"""More would be thinner than two pixels: several days, weeks or months then make one bar."""

WIDTH: Final = 960
LEFT, RIGHT, TOP, BOTTOM = 72, 920, 72, 352
BAR_WIDTH_MAX: Final = 72
LABEL_WIDTH: Final = 84
TICKS_MAX: Final = 6
LEGEND_TOP, LEGEND_LINE, LEGEND_COLUMNS, LEGEND_WIDTH = 404, 24, 2, 430
NAME_CELLS, NAME_CELLS_IN_WORDS = 28, 80

OTHER, NONE = "other", "none"

# Okabe and Ito's colours, told apart by the colour-blind; their yellow is darker on white paper.
LIGHT: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b5a300")
DARK: Final = ("#3d9bd6", "#e69f00", "#1fb58a", "#d58fb5", "#7cc6f0", "#e8742a", "#f0e442")
GREYS: Final = {
    "light": {"paper": "#ffffff", "ink": "#1f2328", "faint": "#d8dee4", OTHER: "#6e7781", NONE: "#afb8c1"},
    "dark": {"paper": "#0d1117", "ink": "#e6edf3", "faint": "#30363d", OTHER: "#8b949e", NONE: "#57606a"},
}


def _fills(colours: tuple[str, ...], greys: dict[str, str]) -> str:
    fills = {f"c{place}": colour for place, colour in enumerate(colours)} | greys
    return "".join(f".daybook-time .{name}{{fill:{colour}}}" for name, colour in fills.items())


STYLE: Final = (
    ".daybook-time{font:12px system-ui,sans-serif}.daybook-time .head{font-size:16px;font-weight:600}"
    + _fills(LIGHT, GREYS["light"])
    + f"@media(prefers-color-scheme:dark){{{_fills(DARK, GREYS['dark'])}}}"
)
DRAWING_CSP: Final = "; ".join((
    "default-src 'none'",
    f"style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'",
    "frame-ancestors 'none'",
))  # fmt: skip
"""What a browser may do with the drawing: apply this very style."""


class TimeDrawingQuery(TimeQuery, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What a drawing can be asked: what the report can, along days, weeks or months."""

    group: Group = "day,time_code"

    def __post_init__(self) -> None:
        """Refuses what no report has, and what can't be drawn."""
        super().__post_init__()
        if self.units[0] not in TIME_UNITS:
            raise FieldError(
                "group", f"Expected one of {', '.join(TIME_UNITS)} first, along which bars stand"
            )


@dataclass(frozen=True)
class Stack:
    """What a colour stands for, and its time in seconds."""

    colour: str
    name: str
    seconds: int


@dataclass(frozen=True)
class Bar:
    """A bar: the first and the last of the days, weeks or months that make it, and its seconds by colour."""

    first: str
    last: str
    span: int
    seconds: Counter[str]

    @property
    def name(self) -> str:
        """What it is about, in words."""
        return self.first if self.first == self.last else f"{self.first} to {self.last}"


def draw(report: TimeReport) -> str:
    """The report as an SVG document.

    The first unit of time in `group` is the axis, the other unit makes stacks. Raises ValueError where
    the report is grouped by no unit of time.
    """
    axis = next((unit for unit in report.group if unit in TIME_UNITS), None)
    if axis is None:
        raise ValueError(report.group)
    unit = next((unit for unit in report.group if unit != axis), None)
    colours, stacks = _stacks(report, unit)
    bars = _bars(report, axis, unit, colours)
    title = f"Time by {_words(axis)}" + (f" and {_words(unit)}" if unit else "")
    height = LEGEND_TOP + LEGEND_LINE * ceil(len(stacks) / LEGEND_COLUMNS)
    return element(
        "svg",
        element("title", said(title)),
        element("desc", said(_description(report, bars, stacks))),
        element("style", STYLE),
        element("rect", class_="paper", width=WIDTH, height=height),
        *_head(report, title, f" · {bars[0].span} {axis}s a bar" if bars[0].span > 1 else ""),
        *_plot(bars, {stack.colour: stack.name for stack in stacks}),
        *_legend(stacks),
        xmlns="http://www.w3.org/2000/svg",
        class_="daybook-time",
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
    )


def spoken(seconds: int) -> str:
    """A length of time in hours and minutes, or in seconds where it is shorter than a minute."""
    if 0 < seconds < 60:
        return f"{seconds} s"
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return " ".join([f"{hours} h"] * (hours > 0 or minutes == 0) + [f"{minutes} min"] * (minutes > 0))


def _words(unit: str) -> str:
    return unit.replace("_", " ")


def _stacks(report: TimeReport, unit: str | None) -> tuple[dict[Any, str], list[Stack]]:
    """The colour of each key, and the stacks from the bottom up: most time first, the nameless last."""
    seconds: Counter[Any] = Counter()
    names: dict[Any, str] = {}
    for row in report.rows:
        key = _key(row, unit)
        seconds[key] += row.seconds
        names[key] = _name(row, unit)
    named = sorted((key for key in seconds if key is not None), key=lambda key: (-seconds[key], str(key)))
    colours = {key: f"c{place}" if place < COLOURED else OTHER for place, key in enumerate(named)}
    stacks = [Stack(colours[key], names[key], seconds[key]) for key in named[:COLOURED]]
    if rest := named[COLOURED:]:
        stacks.append(Stack(OTHER, f"{len(rest)} more", sum(seconds[key] for key in rest)))
    if None in seconds:
        colours[None] = NONE
        stacks.append(Stack(NONE, names[None], seconds[None]))
    return colours, stacks


def _key(row: TimeRow, unit: str | None) -> Any:
    """What a row is stacked by: an id, a tag, a day; None for no code and the like."""
    return getattr(row, UNITS[unit][0]) if unit else "time"


def _name(row: TimeRow, unit: str | None) -> str:
    if unit is None:
        return "Time"
    # The second field of those that have an id is what people call it.
    text = getattr(row, UNITS[unit][:2][-1])
    return f"No {_words(unit)}" if text is None else str(text)


def _bars(report: TimeReport, axis: str, unit: str | None, colours: dict[Any, str]) -> list[Bar]:
    """A bar for each day, week or month of the range, whether there is time in it or not."""
    seconds: dict[str, Counter[str]] = {slot: Counter() for slot in _slots(report, axis)}
    for row in report.rows:
        slot = str(getattr(row, axis))
        seconds.setdefault(slot, Counter())[colours[_key(row, unit)]] += row.seconds
    slots = sorted(seconds)
    each = ceil(len(slots) / BARS_MAX)
    if each > 1 and axis == "day":
        each = ceil(each / 7) * 7
    parts = (slots[start : start + each] for start in range(0, len(slots), each))
    return [
        Bar(part[0], part[-1], len(part), sum(map(seconds.__getitem__, part), Counter())) for part in parts
    ]


def _slots(report: TimeReport, axis: str) -> Iterator[str]:
    """The days of the range, the days that its weeks start on, or its months."""
    day, step = report.from_, 1
    if axis == "week":
        day -= timedelta(days=(day.weekday() - get_args(WeekDay).index(report.week_start)) % 7)
        step = 7
    days = range(day.toordinal(), report.to.toordinal() + 1, step)
    texts = (date.fromordinal(ordinal).isoformat() for ordinal in days)
    yield from dict.fromkeys(text[:7] for text in texts) if axis == "month" else texts


def _description(report: TimeReport, bars: list[Bar], stacks: list[Stack]) -> str:
    """The drawing in words, for who can't see it."""
    words = [f"{report.from_} to {report.to}, {report.tz}: {spoken(report.total_seconds)} in all."]
    longest = max(bars, key=lambda bar: bar.seconds.total())
    if longest.seconds.total():
        words.append(f"Most in {longest.name}: {spoken(longest.seconds.total())}.")
    if len(stacks) > 1:
        parts = (f"{apart(cut(one.name, NAME_CELLS_IN_WORDS))} {spoken(one.seconds)}" for one in stacks)
        words.append(f"{'; '.join(parts)}.")
    return " ".join([*words, "A timer still runs."] if report.running else words)


def _head(report: TimeReport, title: str, more: str) -> list[str]:
    about = f"{report.from_} to {report.to} · {report.tz} · {spoken(report.total_seconds)}{more}"
    return [
        element("text", said(title), class_="ink head", x=16, y=28),
        element("text", said(about), class_="ink", x=16, y=48),
    ]


def _plot(bars: list[Bar], names: dict[str, str]) -> Iterator[str]:
    """The hours at the side, a line for each, the bars, and what some of them are about below."""
    most = max(bar.seconds.total() for bar in bars)
    step = _step(most)
    top = step * max(ceil(most / step), 1)
    for seconds in range(0, top + 1, step):
        y = BOTTOM - (BOTTOM - TOP) * seconds / top
        yield element("rect", class_="faint", x=LEFT, y=y, width=RIGHT - LEFT, height=1)
        hours = f"{number(seconds / 3600)} h"
        yield element("text", said(hours), class_="ink", x=LEFT - 8, y=y + 4, text_anchor="end")
    width = (RIGHT - LEFT) / len(bars)
    apart_by = ceil(LABEL_WIDTH / width)
    for place, bar in enumerate(bars):
        middle = LEFT + width * (place + 0.5)
        yield from _bar(bar, names, middle, min(width * 0.8, BAR_WIDTH_MAX), top)
        if place % apart_by == 0:
            yield element("text", bar.first, class_="ink", x=middle, y=BOTTOM + 20, text_anchor="middle")
    if not most:
        middle = (LEFT + RIGHT) / 2
        empty = "There is no time in this range."
        yield element("text", empty, class_="ink", x=middle, y=(TOP + BOTTOM) / 2, text_anchor="middle")


def _step(most: int) -> int:
    """How many seconds lie between two lines, so that there are few: quarters of an hour up to days."""
    hours = (3600 * hours for hours in (0.25, 0.5, 1, 2, 3, 4, 6, 8, 12))
    days = (86400 * leading * 10**zeros for zeros in count() for leading in (1, 2, 5))
    for steps in (hours, days):
        for step in steps:
            if most <= step * TICKS_MAX:
                return int(step)
    raise AssertionError(most)


def _bar(bar: Bar, names: dict[str, str], middle: float, width: float, top: int) -> Iterator[str]:
    """The pieces of a bar, each with its words; the least of them can be seen."""
    below = 0
    for colour, name in names.items():
        if seconds := bar.seconds[colour]:
            height = (BOTTOM - TOP) * seconds / top
            y = BOTTOM - (BOTTOM - TOP) * below / top - height
            below += seconds
            words = f"{apart(cut(name, NAME_CELLS_IN_WORDS))}, {bar.name}: {spoken(seconds)}"
            seen = max(height - 1, 0.75) if height > 1 else 0.75
            place = {"x": middle - width / 2, "y": y, "width": width, "height": seen}
            yield element("rect", element("title", said(words)), class_=colour, **place)


def _legend(stacks: list[Stack]) -> Iterator[str]:
    """What each colour stands for, and how much of it there is."""
    for place, stack in enumerate(stacks):
        line, column = divmod(place, LEGEND_COLUMNS)
        x, y = LEFT + column * (LEGEND_WIDTH + 8), LEGEND_TOP + line * LEGEND_LINE
        name = cut(stack.name, NAME_CELLS)
        yield element("rect", class_=stack.colour, x=x, y=y - 10, width=12, height=12)
        yield element("text", said(name), class_="ink", x=x + 20, y=y)
        total = said(spoken(stack.seconds))
        yield element("text", total, class_="ink", x=x + LEGEND_WIDTH - 20, y=y, text_anchor="end")
