"""The schema that the migrations make: the models', the same on both engines, there and back."""

import re
from typing import Any

from alembic import command
from sqlalchemy import Connection, func, inspect, select, text

from app.core.db.verify.shape import Shape, live_shape, model_shape
from app.models import metadata
from app.models.types import FOLDS
from tests.migrations.running import alembic_here, look, to_base, to_head, within
from tests.models.rows import add_rows

SAME_TYPE = {"CHAR(36)": "UUID", "DATETIME": "TIMESTAMP WITH TIME ZONE"}
JSON_AS_TEXT = "column config.value"
"""On SQLite it is text, so that a lone number stays as it was written."""


def counts(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    count = select(func.count())
    return {name: connection.scalar(count.select_from(table)) or 0 for name, table in metadata.tables.items()}


async def shape_of(url: str) -> Shape:
    shape: Shape = await look(url, lambda connection: live_shape(connection, metadata.tables))
    return shape


async def inspected(url: str, method: str, table: str) -> Any:
    """What SQLAlchemy's inspector says of a table."""
    return await look(url, lambda connection: getattr(inspect(connection), method)(table))


async def test_up_and_down_and_up_with_rows_in_place(empty_database_url: str) -> None:
    await alembic_here(empty_database_url, to_head)
    made = await shape_of(empty_database_url)
    await look(empty_database_url, add_rows)
    await alembic_here(empty_database_url, command.check)
    added = await look(empty_database_url, counts)
    assert all(added.values()), added
    await alembic_here(empty_database_url, to_head)
    assert await look(empty_database_url, counts) == added
    await alembic_here(empty_database_url, to_base)
    assert await look(empty_database_url, lambda c: inspect(c).get_table_names()) == []
    await alembic_here(empty_database_url, to_head)
    assert await look(empty_database_url, counts) == dict.fromkeys(added, 0)
    assert await shape_of(empty_database_url) == made


async def test_the_schema_is_the_models(database_url: str) -> None:
    live = await shape_of(database_url)

    def wanted(connection: Connection) -> Shape:
        with connection.begin() as transaction:
            shape = model_shape(connection, metadata)
            transaction.rollback()
            return shape

    assert live == await within(database_url, wanted)
    assert {part.table for part in live} == set(metadata.tables) > {"change_heads", "tasks"}


async def test_the_engines_have_the_same_schema(sqlite_database_url: str, postgres_database_url: str) -> None:
    """Checks are the same by name; that each is the model's, the test above says in each engine's words."""
    one, other = [normal(await shape_of(url)) for url in (sqlite_database_url, postgres_database_url)]
    assert one == other
    assert len(one) > 40


def normal(shape: Shape) -> dict[str, str]:
    """A shape in words that both engines would use."""
    words = {str(part): _normal(words) for part, words in shape.items()}
    return words | {JSON_AS_TEXT: words[JSON_AS_TEXT].replace("TEXT", "JSON")}


def _normal(words: str) -> str:
    if words.startswith("CHECK"):
        return "CHECK"
    if " WHERE " in words:
        return re.sub(r"[()]", "", words)
    for one, other in SAME_TYPE.items():
        words = words.replace(one, other)
    return words.replace(' COLLATE "C"', "")


async def test_every_key_starts_with_the_owner(database_url: str) -> None:
    for table in metadata.tables.values():
        key = await inspected(database_url, "get_pk_constraint", table.name)
        names = [name for name in ("user_id", "id", "key") if name in table.c]
        assert key["constrained_columns"] == [column.name for column in table.primary_key] == names


async def test_what_is_unique_is_so_for_each_person(database_url: str) -> None:
    unique = []
    for name in metadata.tables:
        indexes = await inspected(database_url, "get_indexes", name)
        unique += [index["column_names"] for index in indexes if index["unique"]]
    assert sorted(unique) == [["user_id"], ["user_id", "code_key"], ["user_id", "code_key"]]


async def test_postgres_leaves_room_in_the_heads_and_sorts_keys_by_code_point(
    postgres_database_url: str,
) -> None:
    options = text("SELECT reloptions FROM pg_class WHERE relname = 'change_heads'")
    assert await look(postgres_database_url, lambda c: c.scalar(options)) == ["fillfactor=50"]
    for table in metadata.tables.values():
        compared = {column.name for column in table.c if FOLDS in column.info or column.name == "key"}
        found = await inspected(postgres_database_url, "get_columns", table.name)
        assert {c["name"] for c in found if getattr(c["type"], "collation", None) == "C"} == compared
