"""What no constraint says of a value: functions in SQL that each engine spells its own way."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

POSTGRES: Final = "postgresql"
SQLITE: Final = "sqlite"


class _Test(FunctionElement[bool]):
    """Whether there is something wrong with columns; NULL where they are."""

    inherit_cache = True
    type = Boolean()


class is_no_id(_Test):  # noqa: N801 (a function in SQL)
    """An id that is no UUID of version 7, or not written in small letters with dashes."""

    inherit_cache = True


class is_another_moment(_Test):  # noqa: N801 (a function in SQL)
    """An id that carries another moment than the column beside it."""

    inherit_cache = True


class is_no_list_of_text(_Test):  # noqa: N801 (a function in SQL)
    """JSON that is no array of text."""

    inherit_cache = True


class is_no_subject(_Test):  # noqa: N801 (a function in SQL)
    """A person's name that no token can bear: other characters than printable ASCII."""

    inherit_cache = True


class may_be_unfolded(_Test):  # noqa: N801 (a function in SQL)
    """A text, and beside it a key, that may not be its fold: for ASCII, the same in small letters."""

    inherit_cache = True


def _spelt(test: type[_Test], engine: str, template: str) -> None:
    """Says how an engine spells a test: {0} is its first column, {1} its second."""

    def spell(element: _Test, compiler: SQLCompiler, **kw: Any) -> str:
        columns: list[ColumnElement[Any]] = list(element.clauses)
        return "(" + template.format(*(compiler.process(column, **kw) for column in columns)) + ")"

    decorate: Callable[[Any], Any] = compiles(test, engine)
    decorate(spell)


_HEX: Final = "[0-9a-f]"
_FORM: Final = "-".join((_HEX * 8, _HEX * 4, "7" + _HEX * 3, "[89ab]" + _HEX * 3, _HEX * 12))
_spelt(is_no_id, SQLITE, f"{{0}} NOT GLOB '{_FORM}'")
_spelt(is_no_id, POSTGRES, f"{{0}}::text COLLATE \"C\" !~ '^{_FORM}$'")

_spelt(
    is_another_moment,
    SQLITE,
    "printf('%012x', strftime('%s', substr({1}, 1, 19)) * 1000 + substr({1}, 21, 3))"
    " <> substr({0}, 1, 8) || substr({0}, 10, 4) OR substr({1}, 24) <> '000'",
)
_spelt(
    is_another_moment,
    POSTGRES,
    "lpad(to_hex(floor(extract(epoch FROM {1}) * 1000)::bigint), 12, '0')"
    " <> left(replace({0}::text, '-', ''), 12) OR date_trunc('milliseconds', {1}) <> {1}",
)

_spelt(
    is_no_list_of_text,
    SQLITE,
    "CASE WHEN {0} = '[]' THEN 0 WHEN NOT json_valid({0}) THEN 1 WHEN json_type({0}) <> 'array' THEN 1"
    " ELSE EXISTS (SELECT 1 FROM json_each({0}) WHERE type <> 'text') END",
)
_spelt(
    is_no_list_of_text,
    POSTGRES,
    "CASE WHEN {0}::text = '[]' THEN false WHEN json_typeof({0}) <> 'array' THEN true"
    " ELSE EXISTS (SELECT 1 FROM json_array_elements({0}) AS each(item) WHERE json_typeof(item) <> 'string')"
    " END",
)

_spelt(is_no_subject, SQLITE, "{0} GLOB '*[^!-~]*'")
_spelt(is_no_subject, POSTGRES, "{0} COLLATE \"C\" ~ '[^!-~]'")

# As bytes a text is longer than in characters where it is not ASCII alone.
_spelt(may_be_unfolded, SQLITE, "length(CAST({0} AS BLOB)) <> length({0}) OR {1} IS NOT lower({0})")
_spelt(
    may_be_unfolded,
    POSTGRES,
    'octet_length({0}) <> char_length({0}) OR {1} IS DISTINCT FROM lower({0} COLLATE "C")',
)
