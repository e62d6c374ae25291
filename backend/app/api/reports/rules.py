"""What a report on time means: the question with every default resolved, and the rows with their order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, product
from typing import Any, Final, Literal, get_args

import msgspec

from app.api.config.schemas import Preferences, Rounding, WeekDay
from app.api.reports.queries import ROWS_MAX, Sum, read_sums
from app.api.reports.schemas import UNITS, TimeQuery, TimeReport, TimeRow
from app.core.buckets import TIME_UNITS, Bucket, buckets_of, days_of, rows_of, slots_of
from app.core.days import start_of, zone_of
from app.core.db.session import Session
from app.core.errors import Fault, InvalidError
from app.core.http.accepts import CSV
from app.core.http.csv_texts import csv_text
from app.core.http.etags import heads_of, list_tag, representation_of
from app.core.rows.questions import by_reference
from app.core.text import fold

REPORT_REPRESENTATION: Final = "time-report-1"
"""Changes with the shape of the answer, so that no copy of an older one is taken for good."""

IDS: Final = {"task_id": "task", "time_code_id": "time_code", "work_type_id": "work_type"}

Labels = tuple[Any, ...]
"""What a row has for each unit that is not of time: its fields, the id first."""


@dataclass(frozen=True)
class TimeQuestion:
    """A report as asked for, with what the person's settings say where the query says nothing.

    `filters` are the names of the statement's filters, and `parameters` theirs. `now` is in whole seconds.
    """

    query: TimeQuery
    tz: str
    week_start: WeekDay
    rounding: Rounding | Literal["none"]
    buckets: list[Bucket]
    start: datetime
    end: datetime
    now: datetime
    filters: tuple[str, ...]
    parameters: dict[str, object]

    @property
    def rounding_per(self) -> str:
        """What is rounded: `entry`, `group` or `none`."""
        return self.rounding if isinstance(self.rounding, str) else self.rounding.per

    def representation(self, form: str) -> str:
        """What the tag covers beside the head; the edges in it change with the rules of a zone."""
        asked = [self.query, self.tz, self.week_start, self.rounding, rows_of(self.buckets)]
        return representation_of(REPORT_REPRESENTATION, form, msgspec.json.encode(asked).decode())


@dataclass(frozen=True)
class TimeTold:
    """A report with its tag, if it can have one; none where the asker's copy is still good."""

    tag: str | None
    report: TimeReport | None

    def written(self, form: str) -> bytes | None:
        """The report as CSV or as JSON; None where there is none."""
        if self.report is None:
            return None
        return csv_text(*cells_of(self.report)) if form == CSV else msgspec.json.encode(self.report)


def question_from(query: TimeQuery, preferences: Preferences, now: datetime) -> TimeQuestion:
    """The report that a query string asks for.

    Raises InvalidError for an unknown zone, and for rounding without minutes.
    """
    tz = query.tz or preferences.time_zone
    zone = zone_of(tz)
    week_start = query.week_start or preferences.week_start
    units = tuple(unit for unit in query.units if unit in TIME_UNITS)
    filters = dict(_filters(query))
    return TimeQuestion(
        query=query,
        tz=tz,
        week_start=week_start,
        rounding=_rounding(query, preferences.rounding),
        buckets=buckets_of(query.from_, query.to, zone, units, get_args(WeekDay).index(week_start)),
        start=start_of(query.from_, zone),
        end=start_of(query.to + timedelta(days=1), zone),
        now=now.replace(microsecond=0),
        filters=tuple(filters),
        parameters={name: value for values in filters.values() for name, value in values.items()},
    )


def _filters(query: TimeQuery) -> Iterator[tuple[str, dict[str, object]]]:
    for field, unit in IDS.items():
        yield from by_reference(unit, getattr(query, field))
    if query.tag:
        yield "tag", {"tags": query.tag}


def _rounding(query: TimeQuery, preferred: Rounding | Literal["none"]) -> Rounding | Literal["none"]:
    """How to round: what the query leaves open the setting says, and else what a setting has by default."""
    known = {} if preferred == "none" else msgspec.structs.asdict(preferred)
    given = {"minutes": query.rounding_minutes, "mode": query.rounding, "per": query.rounding_per}
    wanted = known | {name: value for name, value in given.items() if value is not None}
    if query.rounding == "none" or ("minutes" not in wanted and query.rounding is None):
        return "none"
    if "minutes" not in wanted:
        fault = Fault("/rounding_minutes", "required", "Expected the minutes to round to")
        raise InvalidError("The query string has an invalid value.", errors=(fault,))
    return Rounding(**wanted)


async def read_report(
    session: Session, user_id: str, question: TimeQuestion, form: str, if_none_match: list[str]
) -> TimeTold:
    """The report, or none where If-None-Match names its present state in this form, a media type.

    Without a tag where a running timer grows with the moment, or could come to be in the range. Raises
    InvalidError for a report that would be too large.
    """
    representation = question.representation(form)
    known = heads_of(if_none_match, representation)
    add, unit = _steps(question.rounding) if question.rounding_per == "entry" else (0, 1)
    parameters = {
        **question.parameters,
        "buckets": rows_of(question.buckets),
        "slots": slots_of(question.buckets),
        "days": days_of(question.buckets),
        "first_day": question.query.from_,
        "last_day": question.query.to,
        "start": question.start,
        "end": question.end,
        "day_before": question.start - timedelta(days=1),
        "now": question.now,
        "rounding_add": add,
        "rounding_unit": unit,
    }
    found = await read_sums(session, user_id, question.query.units, question.filters, parameters, known)
    tag = list_tag(representation, found.head)
    if found.head in known or if_none_match == ["*"]:
        return TimeTold(tag, None)
    if found.is_cut:
        raise too_large()
    is_moving = found.runs_since is not None and question.now < question.end
    return TimeTold(None if is_moving else tag, report_of(question, found.sums, found.runs_since))


def too_large() -> InvalidError:
    """The answer to who asks for more than a report can have."""
    message = f"Expected fewer days, or less to group by: the report would have more than {ROWS_MAX} rows"
    fault = Fault("/to", "too_large", f"{message}, or be made of too many pieces")
    return InvalidError("The report would be too large.", errors=(fault,))


def report_of(question: TimeQuestion, sums: list[Sum], runs_since: datetime | None) -> TimeReport:
    """The report that these sums make; `runs_since` is when the running timer started, if before the end.

    Raises InvalidError where their tags make more rows than a report can have.
    """
    query = question.query
    start, end = question.start, min(question.end, question.now)
    return TimeReport(
        from_=query.from_,
        to=query.to,
        tz=question.tz,
        week_start=question.week_start,
        group=list(query.units),  # type: ignore[arg-type] # checked to be units
        rounding=question.rounding,
        rows=_rows(question, sums),
        total_seconds=_total(question, sums),
        entries=sum(each.begun for each in sums),
        running=runs_since is not None and (start <= runs_since < question.end or runs_since < start < end),
    )


def _total(question: TimeQuestion, sums: list[Sum]) -> int:
    """The sum over what is grouped by all but tags: an entry with two tags counts once."""
    if "tag" not in question.query.units:
        return sum(_rounded(question, each.seconds) for each in sums)
    totals: defaultdict[tuple[object, ...], int] = defaultdict(int)
    for each in sums:
        totals[each.number, each.task_id, each.time_code_id, each.work_type_id] += each.seconds
    return sum(_rounded(question, seconds) for seconds in totals.values())


def _rows(question: TimeQuestion, sums: list[Sum]) -> list[TimeRow]:
    """A row for each group, by time, then by name."""
    units = [unit for unit in question.query.units if unit not in TIME_UNITS]
    groups = _groups(units, sums)
    if question.query.fill and len(units) < len(question.query.units):
        tracked = {number for number, _ in groups}
        nothing = tuple((None,) * len(UNITS[unit]) for unit in units)
        groups |= {(each.number, nothing): (0, 0) for each in question.buckets if each.number not in tracked}
    buckets = {bucket.number: (place, bucket) for place, bucket in enumerate(question.buckets)}
    names = [name for unit in units for name in UNITS[unit]]
    return [
        TimeRow(
            **buckets[number][1].keys,  # type: ignore[arg-type] # named like the fields
            **dict(zip(names, chain(*labels), strict=True)),
            seconds=_rounded(question, seconds),
            entries=entries,
        )
        for (number, labels), (seconds, entries) in sorted(
            groups.items(), key=lambda group: (buckets[group[0][0]][0], *map(_order, group[0][1]))
        )
    ]


def _groups(units: list[str], sums: list[Sum]) -> dict[tuple[int, Labels], tuple[int, int]]:
    """Seconds and entries by bucket and labels; what has several tags counts under each."""
    groups: dict[tuple[int, Labels], tuple[int, int]] = {}
    for each in sums:
        for labels in product(*(_labels(each, unit) for unit in units)):
            seconds, entries = groups.get((each.number, labels), (0, 0))
            groups[each.number, labels] = (seconds + each.seconds, entries + each.entries)
        if len(groups) > ROWS_MAX:
            raise too_large()
    return groups


def _labels(each: Sum, unit: str) -> Iterable[Labels]:
    if unit == "tag":
        tags = set(msgspec.json.decode(each.tags or "[]", type=list[str]))
        return [(tag,) for tag in tags] or [(None,)]
    return [tuple(getattr(each, name) for name in UNITS[unit])]


def _order(label: Labels) -> tuple[bool, str, str]:
    """By name, whatever its case, then by id; what has none is last."""
    return label[0] is None, fold(label[1] if len(label) > 1 else label[0]) if label[0] else "", str(label[0])


def _rounded(question: TimeQuestion, seconds: int) -> int:
    if question.rounding_per != "group":
        return seconds
    add, unit = _steps(question.rounding)
    return (seconds + add) // unit * unit


def _steps(rounding: Rounding | Literal["none"]) -> tuple[int, int]:
    """What is added before it is rounded down, and to what: seconds."""
    if isinstance(rounding, str):
        return 0, 1
    unit = rounding.minutes * 60
    return {"up": unit - 1, "down": 0, "nearest": unit // 2}[rounding.mode], unit


def cells_of(report: TimeReport) -> tuple[list[str], list[list[Any]]]:
    """The rows as a table: the names of the columns, and the cells."""
    wanted = {name for unit in report.group for name in UNITS[unit]} | {"seconds", "entries"}
    names = [name for name in TimeRow.__struct_fields__ if name in wanted]
    return names, [[getattr(row, name) for name in names] for row in report.rows]
