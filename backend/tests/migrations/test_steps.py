"""Each revision by itself: down, up and down with rows in place; what is not its own stays to the letter."""

import hashlib
from collections.abc import Set
from functools import partial
from typing import Any

from alembic import command
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Inspector, inspect

from app.core.db.migrations.revisions import config
from app.core.db.verify.shape import Shape, live_shape
from tests.migrations.running import alembic_here, look, to_head
from tests.models.rows import add_rows

Digests = dict[str, str]
"""By table and column, a digest of what is in it, in the order of the keys."""


def newest_first() -> list[Script]:
    return list(ScriptDirectory.from_config(config()).walk_revisions())


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(config()).get_heads()) == 1


def all_tables(inspector: Inspector) -> list[str]:
    return [name for name in inspector.get_table_names() if name != "alembic_version"]


def digests(connection: Connection, names: Set[str] | None = None) -> Digests:
    """Of all columns, or of these: a table that an upgrade made anew is empty."""
    inspector = inspect(connection)
    return {
        name: digest(connection, inspector, table, column["name"])
        for table in all_tables(inspector)
        for column in inspector.get_columns(table)
        if (name := f"{table}.{column['name']}") and (names is None or name in names)
    }


def digest(connection: Connection, inspector: Inspector, table: str, column: str) -> str:
    key = ", ".join(inspector.get_pk_constraint(table)["constrained_columns"])
    rows = connection.exec_driver_sql(f"SELECT {column} FROM {table} ORDER BY {key}").all()
    assert rows, f"{table} is empty: nothing would be shown"
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def state(connection: Connection, names: Set[str] | None = None) -> tuple[Shape, Digests]:
    """The whole shape, and the digests of these columns or of all."""
    return live_shape(connection, all_tables(inspect(connection))), digests(connection, names)


def only(names: Set[str], all_digests: Digests) -> Digests:
    return {name: all_digests[name] for name in names}


async def test_each_revision_goes_down_up_and_down_and_keeps_what_is_not_its_own(
    empty_database_url: str,
) -> None:
    url = empty_database_url

    async def go(way: Any, revision: Any) -> None:
        await alembic_here(url, partial(way, revision=revision or "base"))

    await alembic_here(url, to_head)
    await look(url, add_rows)
    for step in newest_first()[:-1]:
        shape, held = await look(url, state)
        await go(command.downgrade, step.down_revision)
        below, left = await look(url, state)
        kept = held.keys() & left.keys()  # what both revisions know
        assert kept >= {"tasks.title", "change_heads.seq"}
        assert only(kept, left) == only(kept, held), step.revision
        await go(command.upgrade, step.revision)
        assert await look(url, partial(state, names=kept)) == (shape, only(kept, held)), step.revision
        await go(command.downgrade, step.down_revision)
        assert await look(url, partial(state, names=kept)) == (below, only(kept, held)), step.revision
