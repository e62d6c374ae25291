"""A Postgres URL's parameters: libpq's names, and what hosts add, as arguments of asyncpg's connect."""

import re
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from sqlalchemy import URL

from app.core.db.postgres_tls import libpq_tls, tls_of
from app.core.db.url_parts import DatabaseUrlError

_QUIET: Final = {
    "channel_binding": "asyncpg negotiates SCRAM by itself",
    "client_encoding": "always UTF-8",
    "fallback_application_name": "there is always an application name",
    "gssencmode": "asyncpg has no GSS encryption",
    "pgbouncer": "read by is_pooled",
    "sslsni": "asyncpg always sends the name",
    "supa": "tells Supabase's own integrations apart",
    "uselibpqcompat": "speaks to another driver",
}
"""Parameters that mean nothing to this driver and need no word, and why."""
_SETTINGS: Final = {
    "connection_limit": "DB_POOL_SIZE",
    "pool_size": "DB_POOL_SIZE",
    "max_overflow": "DB_MAX_OVERFLOW",
    "pool_timeout": "DB_POOL_TIMEOUT_SECONDS",
    "command_timeout": "DB_COMMAND_TIMEOUT_SECONDS",
    "statement_timeout": "DB_COMMAND_TIMEOUT_SECONDS",
    "socket_timeout": "DB_COMMAND_TIMEOUT_SECONDS",
}
_PASSED_ON: Final = ("target_session_attrs", "passfile", "krbsrvname", "gsslib")
_CACHES: Final = ("statement_cache_size", "prepared_statement_cache_size")
_SCHEMA: Final = ("search_path", "schema", "currentSchema")
_PLACE: Final = {"host": "host", "port": "port", "user": "username", "password": "password"}
_POOLER_PORTS: Final = (6432, 6543)
_POOLER_HOST: Final = re.compile(
    r"""-pooler\.                         # Neon
    | ^pgbouncer\.                        # Fly
    | \.proxy-[^.]+\..*\.rds\.amazonaws   # RDS Proxy
    """,
    re.VERBOSE,
)
_OPTION: Final = re.compile(r"(?:-c\s*|--)([A-Za-z_.]+)=((?:\\.|[^\s\\])*)")
_NEON: Final = re.compile(r"(?:endpoint|project)=[\w-]+")
_OFF: Final = ("", "0", "false", "no", "off")


class PostgresUrl(NamedTuple):
    """The fields of a `DatabaseUrl` that depend on Postgres."""

    url: URL
    connect_args: dict[str, Any]
    libpq: dict[str, str]
    is_pooled: bool
    warnings: tuple[str, ...]


def read_postgres(url: URL, root: Path) -> PostgresUrl:
    """Translate; `root` is where relative paths of certificates start. Raises DatabaseUrlError."""
    query = _single(url)
    place, socket = _place_of(url, query)
    pooled = _is_pooled(place, query)
    connect_args: dict[str, Any] = {"host": socket} if socket else {}
    connect_args |= {name: query.pop(name) for name in _PASSED_ON if name in query}
    libpq = libpq_tls(query, root)
    connect_args |= tls_of(query, root) | _numbers_of(query)
    if pooled:
        # A prepared statement may land on another server connection than the one that knows it.
        connect_args |= dict.fromkeys(_CACHES, 0)
    server_settings, warnings = _server_settings_of(query, pooled=pooled)
    if server_settings:
        connect_args["server_settings"] = server_settings
    return PostgresUrl(place, connect_args, libpq, pooled, (*warnings, *_leftovers(query)))


def _single(url: URL) -> dict[str, str]:
    repeated = [name for name, value in url.query.items() if not isinstance(value, str)]
    if "host" in repeated or (url.host and "," in url.host):
        raise DatabaseUrlError(
            "names several hosts; write one: the primary's, or that of a proxy before them"
        )
    return {name: value if isinstance(value, str) else value[-1] for name, value in url.query.items()}


def _place_of(url: URL, query: dict[str, str]) -> tuple[URL, str | None]:
    """The URL without parameters, and the folder of the Unix socket, if it names one."""
    found: dict[str, Any] = {field: query.pop(name) for name, field in _PLACE.items() if query.get(name)}
    database = query.pop("dbname", None) or query.pop("database", None) or url.database
    host, port = found.pop("host", None) or unquote(url.host or ""), found.pop("port", None) or url.port
    if "," in host:
        raise DatabaseUrlError(
            "names several hosts; write one: the primary's, or that of a proxy before them"
        )
    if port is not None and not (str(port).isdecimal() and 1 <= int(port) <= 65535):
        raise DatabaseUrlError("has a port that is not from 1 to 65535; write 5432, if in doubt")
    socket = host if host.startswith("/") else None
    place = URL.create(
        "postgresql+asyncpg",
        username=found.get("username", url.username),
        password=found.get("password", url.password),
        host=None if socket else host or None,
        port=None if port is None else int(port),
        database=database or None,
    )
    return place, socket


def _is_pooled(url: URL, query: dict[str, str]) -> bool:
    """Whether a pooler in transaction mode stands between. Supabase's port 5432 is session mode."""
    told = query.get("pgbouncer")
    if told is not None:
        return told.lower() not in _OFF
    host = (url.host or "").lower()
    digital_ocean = host.endswith(".ondigitalocean.com") and url.port == 25061
    return digital_ocean or url.port in _POOLER_PORTS or _POOLER_HOST.search(host) is not None


def _numbers_of(query: dict[str, str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, argument in {"connect_timeout": "timeout", **{cache: cache for cache in _CACHES}}.items():
        value = query.pop(name, None)
        if value is None:
            continue
        if not value.isdecimal() or len(value) > 6:
            raise DatabaseUrlError(f"has a {name} that is not a whole number; write {name}=10")
        # libpq reads 0 as for ever; here the setting's bound stays.
        if int(value) or argument != "timeout":
            found[argument] = int(value)
    return found


def _server_settings_of(query: dict[str, str], *, pooled: bool) -> tuple[dict[str, str], list[str]]:
    settings, warnings = _options_of(query.pop("options", ""))
    settings |= {"application_name": query.pop("application_name")} if "application_name" in query else {}
    for name in _SCHEMA:
        if name in query:
            settings["search_path"] = query.pop(name)
    if settings.get("search_path") == "public":
        del settings["search_path"]
    if pooled and "search_path" in settings:
        raise DatabaseUrlError(
            "sets a search_path, which a pooler refuses; write the direct host, "
            "or leave it out and run ALTER ROLE … SET search_path once"
        )
    for name in set(settings) & set(_SETTINGS):
        del settings[name]
        warnings.append(f"{name} in options has no effect; set {_SETTINGS[name]}")
    if pooled:
        refused = sorted(set(settings) - {"application_name", "options"})
        warnings += [f"{name} in options has no effect through a pooler" for name in refused]
        settings = {name: value for name, value in settings.items() if name not in refused}
    return settings, warnings


def _options_of(text: str) -> tuple[dict[str, str], list[str]]:
    """`-c name=value …` as settings. Neon's `endpoint=…` stays as it is: its proxy reads it."""
    if _NEON.fullmatch(text):
        return {"options": text}, []
    settings = {name: re.sub(r"\\(.)", r"\1", value) for name, value in _OPTION.findall(text)}
    rest = _OPTION.sub("", text).strip()
    return settings, ["a part of options can't be read and has no effect"] if rest else []


def _leftovers(query: dict[str, str]) -> list[str]:
    """A word for each parameter that nobody read: its name, never its value."""
    warnings = []
    for name in query:
        if name in _SETTINGS:
            warnings.append(f"the parameter {name} has no effect; set {_SETTINGS[name]}")
        elif name not in _QUIET:
            shown = name if re.fullmatch(r"\w{1,40}", name) else "with a strange name"
            warnings.append(f"the parameter {shown} is unknown and has no effect")
    return warnings
