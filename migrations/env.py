"""How Alembic reaches the database: the service's own settings, one transaction, one migrator at a time."""

import asyncio
import logging.config
from collections.abc import Mapping
from typing import Any, Literal

import sqlalchemy as sa
from alembic import command, context
from alembic.util import CommandError
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from app.core.config import SettingsError, load_settings
from app.core.db.connecting import UnreachableError, connect, reading
from app.core.db.migrations.running import ObstructedError, RevisionFailedError, run_revisions
from app.core.db.migrations.transaction import POSTGRES_SETUP, OrphansError, migrating
from app.core.db.url import DatabaseUrl, parse_database_url
from app.models import metadata
from app.models.types import Id, JsonText

VERSION_TABLE = sa.Table("alembic_version", sa.MetaData())


def main() -> None:
    """Run the command on the connection we were given, or on one of our own."""
    connection: sa.Connection | None = context.config.attributes.get("connection")
    if connection is not None:
        run(connection)
        return
    if context.config.config_file_name:
        logging.config.fileConfig(context.config.config_file_name, disable_existing_loggers=False)
    try:
        database = load_settings().migration_database
        if context.is_offline_mode():
            write_sql(database)
        else:
            asyncio.run(_connect_and_run(database))
    except (SettingsError, UnreachableError, OrphansError, ObstructedError, RevisionFailedError) as error:
        raise CommandError(str(error)) from None


async def _connect_and_run(database: DatabaseUrl) -> None:
    if database.file and not database.file.is_file() and not _writes():
        database = parse_database_url(
            "sqlite:///:memory:", root=database.file.parent
        )  # to look makes no file
    async with connect(database) as connection:
        await connection.run_sync(run)


def run(connection: sa.Connection) -> None:
    """Run the command: alone if it writes, beside everybody else if it only looks."""
    writes = _writes()
    with (migrating if writes else reading)(connection) as own:
        if first := context.config.attributes.get("first"):
            first(own)
        _configure(connection=own, dont_mutate=not writes)
        if writes:
            run_revisions(context.get_context(), own, context.run_migrations)
        else:
            context.run_migrations()
        if not context.get_context().get_current_heads():
            _at_base(own, writes=writes)


def write_sql(database: DatabaseUrl) -> None:
    """Write the statements instead of running them (`--sql`): no database is needed."""
    _configure(dialect_name=database.dialect, literal_binds=True, dialect_opts={"paramstyle": "named"})
    if database.dialect == "sqlite":
        context.execute("PRAGMA foreign_keys=OFF")
    with context.begin_transaction():
        for statement in POSTGRES_SETUP if database.dialect == "postgresql" else ():
            context.execute(statement)
        context.run_migrations()
        if not context.get_revision_argument():
            context.execute("DROP TABLE alembic_version")


def _writes() -> bool:
    """Whether the command has a revision to go to, as upgrade, downgrade and stamp have."""
    try:
        context.get_revision_argument()
    except KeyError:
        return False
    except CommandError:  # a relative one, which only the database can resolve
        return True
    return True


def _configure(**options: Any) -> None:
    context.configure(
        target_metadata=metadata,
        transactional_ddl=True,
        render_as_batch=True,  # on Postgres too: what is generated there has to run on SQLite
        include_name=_is_ours,
        render_item=_render_type,
        compare_type=True,
        compare_server_default=True,
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
        on_version_apply=context.config.attributes.get("on_version_apply"),
        **options,
    )


def _is_ours(name: str | None, kind: str, _parents: Mapping[Any, str | None]) -> bool:
    """Whether autogenerate may look at it: other programs keep tables in the same database."""
    return kind != "table" or name in metadata.tables


def _render_type(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """The plain SQLAlchemy type for one of ours: a migration has to work when the code has moved on."""
    if kind != "type":
        return False
    if isinstance(item, Id):
        return 'sa.Uuid().with_variant(sa.CHAR(36), "sqlite")'
    if isinstance(item, JsonText):
        return 'sa.JSON().with_variant(sa.Text(), "sqlite")'
    if isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, AutoString):
        return f"sa.String({item.length or ''})"
    return False


def _at_base(connection: sa.Connection, *, writes: bool) -> None:
    """Nothing of ours is left, so Alembic's own table goes too; `current` says so instead of nothing."""
    if writes:
        VERSION_TABLE.drop(connection, checkfirst=True)
    elif getattr(context.config.cmd_opts, "cmd", (None,))[0] is command.current:
        context.config.print_stdout("empty")


main()
