"""The rows that another database would refuse, found before they are moved; told by key, never by text."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import MetaData, Select, Table, Text, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.copying.lines import RowError
from app.core.db.copying.reading import digest_of
from app.core.db.rules.constraints import Rule, references_of, repeats, rules_of
from app.core.db.rules.kinds import kind_of
from app.core.db.rules.naming import name_of_row
from app.core.operating import Progress, silent

SHOWN: Final = 20
NAME_MAX: Final = 120
"""Characters of a row's name that are shown: what is wrong with it may be its very key."""


@dataclass
class Findings:
    """What is wrong: the first rows by name, each with its reasons, and how many there are in all.

    `rows` counts the rows that were read, by table; `reasons` how often each was met, by table and reason.
    """

    shown: list[tuple[str, list[str]]] = field(default_factory=list)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    count: int = 0
    rows: dict[str, int] = field(default_factory=dict)

    def add(self, table: Table, name: Any, reasons: list[str]) -> None:
        """One more row with which something is wrong."""
        self.count += 1
        self.reasons.update((str(table.name), reason) for reason in reasons)
        if len(self.shown) < SHOWN:
            self.shown.append((_shown(name), reasons))


async def check(connection: AsyncConnection, metadata: MetaData, progress: Progress = silent) -> Findings:
    """All rows that are not what the constraints of `metadata` ask, or that one of the engines can't hold.

    Read in the transaction that is open; nothing is changed.
    """
    findings = Findings()
    for table in metadata.sorted_tables:
        progress(f"{table.name}: checking")
        async with _any_text(connection):
            await _check_rules(connection, table, findings)
        try:
            digest = await digest_of(connection, table, progress)
            findings.rows[str(table.name)] = digest.rows
        except RowError:
            async with _any_text(connection):
                await _check_texts(connection, table, findings)
    return findings


async def _check_rules(connection: AsyncConnection, table: Table, findings: Findings) -> None:
    rules = [*rules_of(table, connection.dialect.name), *references_of(table)]
    async with connection.stream(_offenders(table, rules)) as found:
        async for name, *broken in found:
            reasons = [rule.what for rule, is_broken in zip(rules, broken, strict=True) if is_broken]
            findings.add(table, name, reasons)
    for what, rows in repeats(table):
        async with connection.stream_scalars(rows) as names:
            async for name in names:
                findings.add(table, name, [what])


def _offenders(table: Table, rules: list[Rule]) -> Select[*tuple[Any, ...]]:
    """The rows with which something is wrong: each one's name, then for each rule whether it is broken."""
    broken = [rule.broken.label(f"rule_{index}") for index, rule in enumerate(rules)]
    return select(name_of_row(table), *broken).where(or_(*(rule.broken for rule in rules)))


async def _check_texts(connection: AsyncConnection, table: Table, findings: Findings) -> None:
    """The rows whose text is not UTF-8: SQLite stores any bytes, and has no query that tells."""
    names = [column.name for column in table.columns if kind_of(column) in ("text", "json")]
    rows = select(name_of_row(table), *(type_coerce(table.c[name], Text) for name in names))
    total = 0
    async with connection.stream(rows) as found:
        async for row, *values in found:
            total += 1
            each = zip(names, values, strict=True)
            if bad := [f"{name} is not UTF-8" for name, value in each if not _is_utf8(value)]:
                findings.add(table, row, bad)
    findings.rows[str(table.name)] = total


@asynccontextmanager
async def _any_text(connection: AsyncConnection) -> AsyncIterator[None]:
    """Text comes as its bytes, which no row can fail at."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    driver.text_factory = bytes
    try:
        yield
    finally:
        driver.text_factory = str


def _is_utf8(value: Any) -> bool:
    try:
        return not isinstance(value, bytes) or value.decode() is not None
    except UnicodeDecodeError:
        return False


def _shown(name: Any) -> str:
    text = name.decode(errors="replace") if isinstance(name, bytes) else str(name)
    return "".join(character if character.isprintable() else "?" for character in text)[:NAME_MAX]
