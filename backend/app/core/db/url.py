"""DATABASE_URL: what hosts hand out, as one async URL and its connect arguments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import URL

from app.core.db.postgres_url import read_postgres
from app.core.db.url_parts import WHAT_TO_WRITE, DatabaseUrlError, split_url

__all__ = ["DatabaseUrl", "DatabaseUrlError", "parse_database_url"]

_SQLITE_DRIVERS: Final = ("", "aiosqlite", "pysqlite")
_POSTGRES_DRIVERS: Final = ("", "asyncpg", "psycopg", "psycopg2", "psycopg2cffi", "pg8000")
_MEMORY: Final = (None, "", ":memory:")


@dataclass(frozen=True, kw_only=True)
class DatabaseUrl:
    """Where the data lives: an async URL without parameters, and what the driver's connect takes.

    `libpq` has what Postgres's own programs need beside the URL: how to speak TLS.
    `is_pooled` says that a pooler in transaction mode stands between (PgBouncer and its like), `file`
    is the SQLite file's absolute path. As text it has no password.
    """

    url: URL
    dialect: Literal["sqlite", "postgresql"]
    connect_args: Mapping[str, Any] = field(default_factory=dict, repr=False)
    libpq: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_memory: bool = False
    is_pooled: bool = False
    file: Path | None = None
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The URL as one may show it."""
        if self.dialect == "sqlite":
            return f"sqlite:///{self.file or ':memory:'}"
        host = self.connect_args.get("host")
        shown = self.url.set(drivername="postgresql", query={"host": host} if host else {})
        return shown.render_as_string(hide_password=True)


def parse_database_url(text: str, *, root: Path) -> DatabaseUrl:
    """Read a URL. Relative paths are below `root`. DatabaseUrlError says what to write instead."""
    url = split_url(text.strip())
    dialect, _, driver = url.drivername.lower().partition("+")
    if dialect == "sqlite" and driver in _SQLITE_DRIVERS:
        return _read_sqlite(url, root)
    if dialect in ("postgres", "postgresql") and driver in _POSTGRES_DRIVERS:
        parts = read_postgres(url, root)
        return DatabaseUrl(dialect="postgresql", **parts._asdict())
    raise DatabaseUrlError(f"names {url.drivername}, which Daybook doesn't speak; {WHAT_TO_WRITE}")


def _read_sqlite(url: URL, root: Path) -> DatabaseUrl:
    warnings = tuple(f"the parameter {name} has no effect on SQLite" for name in url.query)
    if url.host or url.username:
        raise DatabaseUrlError(
            "has too few slashes; write sqlite:///./data/app.db, or four slashes before an absolute path"
        )
    if url.database in _MEMORY:
        memory = URL.create("sqlite+aiosqlite", database=":memory:")
        return DatabaseUrl(url=memory, dialect="sqlite", is_memory=True, warnings=warnings)
    file = _file_of(url.database or "", root)
    return DatabaseUrl(
        url=URL.create("sqlite+aiosqlite", database=str(file)), dialect="sqlite", file=file, warnings=warnings
    )


def _file_of(path: str, root: Path) -> Path:
    if path.startswith("file:"):
        raise DatabaseUrlError("holds a file: URI; write the plain path, such as sqlite:///./data/app.db")
    file = (root / Path(path).expanduser()).resolve()
    if path.endswith("/") or file.is_dir():
        raise DatabaseUrlError("names a folder; write the file too, such as sqlite:///./data/app.db")
    return file
