"""Column types that hold the same value on both engines."""

import uuid
from typing import Any, Final, cast

from sqlalchemy import JSON, Dialect, Uuid
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import TypeCompiler
from sqlalchemy.types import CHAR, TypeDecorator, TypeEngine
from sqlmodel import Field

from app.core.text import fold

FOLDS: Final = "folds"
"""Where a folded column's `info` names the column that it is derived from."""
TAG_MAX: Final = 64
TAGS_MAX: Final = 32
TAGS_JSON_MAX: Final = TAGS_MAX * (TAG_MAX * 6 + 3) + 2
"""Characters of the longest list of tags: JSON writes a character in six at most."""
FOLDED: Final = 3
"""How many times longer a folded text can be than the text."""


class Id(TypeDecorator[uuid.UUID]):
    """A UUID: `uuid` on Postgres, dashed CHAR(36) on SQLite, so that both sort alike."""

    impl = Uuid
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's type on this engine."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(CHAR(36))
        return dialect.type_descriptor(Uuid(as_uuid=True))

    def process_bind_param(self, value: uuid.UUID | None, dialect: Dialect) -> Any:
        """A UUID as the driver wants it."""
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> uuid.UUID | None:  # noqa: ARG002 (its signature)
        """A UUID from what the driver gave."""
        return uuid.UUID(value) if isinstance(value, str) else value


class JsonText(JSON):
    """JSON whose text is kept to the letter: `json` on Postgres, text on SQLite.

    A column of SQLite's that is called JSON takes a lone number for a number, and keeps 15 digits of it
    (sqlite.org/datatype3.html#determination_of_column_affinity).
    """


@compiles(JsonText, "sqlite")
def _on_sqlite(_type: JsonText, _compiler: TypeCompiler, **_kw: Any) -> str:
    return "TEXT"


def folded(source: str, type_: TypeEngine[str], *, nullable: bool = False) -> Any:
    """A field that holds the `fold` of the column named `source`: what is compared, searched and sorted.

    Inserts derive it by themselves; the write path derives it whenever it changes `source`.
    """

    def derive(context: DefaultExecutionContext) -> str | None:
        text: str | None = context.get_current_parameters().get(source)  # type: ignore[no-untyped-call] # not typed there
        return None if text is None else fold(text)

    return Field(
        default=None,
        nullable=nullable,
        sa_type=cast(Any, type_.with_variant(_in_c_order(type_), "postgresql")),
        sa_column_kwargs={"default": derive, "info": {FOLDS: source}},
    )


def _in_c_order(type_: TypeEngine[str]) -> TypeEngine[str]:
    """The same type in code point order, as SQLite has it, whatever the locale of a Postgres database."""
    return type(type_)(getattr(type_, "length", None), collation="C")  # type: ignore[call-arg] # String, Text
