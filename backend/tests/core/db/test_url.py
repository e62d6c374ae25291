"""The forms of DATABASE_URL that hosts hand out, and what becomes of them."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from app.core.db.url import DatabaseUrl, DatabaseUrlError, parse_database_url

ROOT = Path("/srv/daybook")
POOLED = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
NEON = "ep-calm-dew-123.eu-central-1.aws.neon.tech"
SUPABASE = "aws-0-eu-central-1.pooler.supabase.com"


def parse(text: str, root: Path = ROOT) -> DatabaseUrl:
    return parse_database_url(text, root=root)


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("sqlite:///./data/app.db", "/srv/daybook/data/app.db"),
        ("sqlite:///data/app.db", "/srv/daybook/data/app.db"),
        ("  sqlite:///../app.db\n", "/srv/app.db"),
        ("sqlite:////var/lib/app.db", "/var/lib/app.db"),
        ("sqlite+aiosqlite:///./data/app.db", "/srv/daybook/data/app.db"),
        ("sqlite+aiosqlite:////var/lib/app.db", "/var/lib/app.db"),
        ("sqlite+pysqlite:///app.db", "/srv/daybook/app.db"),
        ("sqlite:///my%20data/app%23.db", "/srv/daybook/my data/app#.db"),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("sqlite+aiosqlite:///:memory:", None),
    ],
)
def test_sqlite(text: str, file: str | None) -> None:
    url = parse(text)
    assert url.file == (Path(file) if file else None)
    assert url.is_memory == (file is None)
    assert url.url.drivername == "sqlite+aiosqlite"
    assert url.url.database == (file or ":memory:")
    assert str(url) == f"sqlite:///{file or ':memory:'}"
    assert (url.dialect, url.is_pooled, url.connect_args, url.warnings) == ("sqlite", False, {}, ())


POSTGRES: list[tuple[str, str, dict[str, Any]]] = [
    # Heroku
    ("postgres://u:p@ec2-1-2-3-4.compute-1.amazonaws.com:5432/d1", "p", {}),
    ("postgres://u:p@ec2-1-2-3-4.compute-1.amazonaws.com:5432/d1?sslmode=require", "p", {"ssl": "require"}),
    # Neon: direct, pooled, and with the endpoint for clients that don't send the server's name
    (f"postgresql://u:npg_p@{NEON}/d1?sslmode=require&channel_binding=require", "npg_p", {"ssl": "require"}),
    (
        f"postgresql://u:npg_p@{NEON.replace('.', '-pooler.', 1)}/d1?sslmode=require&channel_binding=require",
        "npg_p",
        {"ssl": "require"} | POOLED,
    ),
    (
        f"postgres://u:p@{NEON}/d1?sslmode=require&options=endpoint%3Dep-calm-dew-123",
        "p",
        {"ssl": "require", "server_settings": {"options": "endpoint=ep-calm-dew-123"}},
    ),
    # Supabase: direct, session mode, transaction mode, its guide for Prisma's, Vercel's integration's
    ("postgresql://postgres:p@db.abcdef.supabase.co:5432/postgres", "p", {}),
    (f"postgresql://postgres.abcdef:p@{SUPABASE}:5432/postgres", "p", {}),
    (f"postgresql://postgres.abcdef:p@{SUPABASE}:6543/postgres", "p", POOLED),
    (f"postgres://u.abcdef:p@{SUPABASE}:6543/postgres?pgbouncer=true", "p", POOLED),
    (
        f"postgres://u:p@{SUPABASE}:6543/d1?sslmode=require&supa=base-pooler.x",
        "p",
        {"ssl": "require"} | POOLED,
    ),
    # Railway
    ("postgresql://postgres:p@postgres.railway.internal:5432/railway", "p", {}),
    ("postgresql://postgres:p@roundhouse.proxy.rlwy.net:43210/railway", "p", {}),
    # RDS, and its proxy
    ("postgresql://u:p@d.abc.eu-west-1.rds.amazonaws.com:5432/d1?sslmode=prefer", "p", {"ssl": "prefer"}),
    ("postgresql://u:p@d.proxy-abc.eu-west-1.rds.amazonaws.com/d1", "p", POOLED),
    # DigitalOcean, Fly, a PgBouncer of one's own
    ("postgresql://u:p@x.db.ondigitalocean.com:25061/pool?sslmode=require", "p", {"ssl": "require"} | POOLED),
    ("postgresql://u:p@pgbouncer.abc.flympg.net/d1", "p", POOLED),
    ("postgresql://u:p@10.0.0.7:6432/d1", "p", POOLED),
    ("postgresql://u:p@10.0.0.7:6432/d1?pgbouncer=false", "p", {}),
    # Drivers and modes
    ("postgresql+asyncpg://u:p@h/d1", "p", {}),
    ("postgresql+asyncpg://u:p@h/d1?ssl=require", "p", {"ssl": "require"}),
    ("postgresql+psycopg2://u:p@h/d1?sslmode=disable", "p", {"ssl": "disable"}),
    ("postgresql+psycopg://u:p@h/d1?sslmode=allow", "p", {"ssl": "allow"}),
    ("postgres://u:p@h/d1?ssl=true&sslnegotiation=direct", "p", {"ssl": "require", "direct_tls": True}),
    ("postgresql://u:p@[::1]:5433/d1", "p", {}),
    # Passwords
    ("postgresql://u:p%40%3A%2F%25%23%3F@h/d1", "p@:/%#?", {}),
    ("postgresql://u:100%25%2B@h/d1", "100%+", {}),
    ("postgresql://u:a/b:c@h/d1", "a/b:c", {}),
    ("postgresql://h/d1?user=u&password=p%40", "p@", {}),
    # Sockets
    ("postgresql://u:p@/d1?host=/var/run/postgresql", "p", {"host": "/var/run/postgresql"}),
    ("postgresql://u:p@%2Fvar%2Frun%2Fpostgresql/d1", "p", {"host": "/var/run/postgresql"}),
    ("postgresql://u:p@/d1?host=/cloudsql/one:two:three", "p", {"host": "/cloudsql/one:two:three"}),
    # Parameters
    (
        "postgresql://u:p@h/d1?application_name=cron&connect_timeout=10&target_session_attrs=read-write",
        "p",
        {
            "server_settings": {"application_name": "cron"},
            "timeout": 10,
            "target_session_attrs": "read-write",
        },
    ),
    ("postgresql://u:p@h/d1?connect_timeout=0", "p", {}),
    ("postgresql://u:p@h/d1?schema=public", "p", {}),
    ("postgresql://u:p@h/d1?schema=daybook", "p", {"server_settings": {"search_path": "daybook"}}),
    ("postgresql://u:p@h/d1?options=-csearch_path%3Da,b", "p", {"server_settings": {"search_path": "a,b"}}),
    (
        "postgresql://u:p@h/d1?options=-c%20jit%3Doff%20--lock_timeout%3D9",
        "p",
        {"server_settings": {"jit": "off", "lock_timeout": "9"}},
    ),
    ("postgresql://u:p@h/d1?statement_cache_size=0", "p", {"statement_cache_size": 0}),
]


@pytest.mark.parametrize(("text", "password", "connect_args"), POSTGRES, ids=[row[0] for row in POSTGRES])
def test_postgres(text: str, password: str, connect_args: dict[str, Any]) -> None:
    url = parse(text)
    assert url.url.drivername == "postgresql+asyncpg"
    assert url.url.password == password
    assert url.url.username
    assert url.url.database in ("d1", "postgres", "railway", "pool")
    assert not url.url.query, "asyncpg would be handed what it doesn't know"
    assert url.connect_args == connect_args
    assert url.is_pooled == (connect_args.get("prepared_statement_cache_size") == 0)
    assert (url.dialect, url.is_memory, url.file, url.warnings) == ("postgresql", False, None, ())
    assert f":{password}@" not in str(url)


def test_shown_without_the_password() -> None:
    assert str(parse("postgres://bob:hunter2@db:5433/x?sslmode=require")) == "postgresql://bob:***@db:5433/x"
    assert str(parse("postgres://db/x")) == "postgresql://db/x"
    assert "/run/pg" in str(parse("postgres:///x?host=/run/pg")).replace("%2F", "/")
    assert "hunter2" not in repr(parse("postgres://db/x?user=bob&password=hunter2"))


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("sqlite:///app.db?mode=hunter2", "the parameter mode has no effect on SQLite"),
        ("postgres://h/d?foo=hunter2", "the parameter foo is unknown and has no effect"),
        ("postgres://h/d?a%20b=hunter2", "the parameter with a strange name is unknown and has no effect"),
        (
            "postgres://h/d?connection_limit=1",
            "the parameter connection_limit has no effect; set DB_POOL_SIZE",
        ),
        (
            "postgres://h/d?pool_timeout=1",
            "the parameter pool_timeout has no effect; set DB_POOL_TIMEOUT_SECONDS",
        ),
        (
            "postgres://h/d?options=-cstatement_timeout%3D9",
            "statement_timeout in options has no effect; set DB_COMMAND_TIMEOUT_SECONDS",
        ),
        ("postgres://h:6432/d?options=-cjit%3Doff", "jit in options has no effect through a pooler"),
        ("postgres://h/d?options=hunter2", "a part of options can't be read and has no effect"),
    ],
)
def test_what_has_no_effect_is_named_without_its_value(text: str, warning: str) -> None:
    url = parse(text)
    assert url.warnings == (warning,)
    assert "server_settings" not in url.connect_args


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "mysql://bob:hunter2@h/d",
            "names mysql.*write sqlite:///./data/app.db or postgresql://user:password@host",
        ),
        ("mysql+aiomysql://bob:hunter2@h/d", "names mysql.aiomysql.*write sqlite"),
        ("https://abc.supabase.co", "names https.*write"),
        ("cockroachdb://bob:hunter2@h/d", "names cockroachdb.*write"),
        ("postgresql+pypostgres://h/d", "names postgresql.pypostgres.*write"),
        ("hunter2", "is not a URL; write"),
        ("sqlite:data/app.db", "is not a URL; write sqlite:///"),
        ("", "is not a URL; write"),
        ("'postgres://bob:hunter2@h/d'", "is in quotes; write it without"),
        ("jdbc:postgresql://h/d?user=bob&password=hunter2", "starts with jdbc:; leave that out"),
        ("postgres://bob:hunter2\n@h/d", "has a line break.*write it in one line"),
        ("postgres://bob:hunter2@h:port/d", "can't be read; write @ : / .* percent-encoded"),
        ("postgres://bob:hunter2@h:70000/d", "has a port that is not from 1 to 65535; write 5432"),
        ("postgres://bob:hunter2@x@h/d", "has an @ inside the user name or password; write it as %40"),
        ("postgres://bob:[YOUR-PASSWORD]@h/d", "still holds the placeholder.*write the password"),
        ("postgres://h/d%00", "has an unprintable character; write it without"),
        ("postgres://bob:hunter2@h1,h2/d", "names several hosts; write one"),
        ("postgres://bob:hunter2@h1:1,h2:2/d", "can't be read|names several hosts; write one"),
        ("postgres://bob:hunter2@/d?host=h1&host=h2", "names several hosts; write one"),
        ("postgres://bob:hunter2@/d?host=h1,h2", "names several hosts; write one"),
        ("postgres://h/d?sslmode=hunter2", "has an unknown sslmode; write one of disable, allow"),
        (
            "postgres://h/d?sslmode=verify-full&sslrootcert=none.pem",
            "has an sslrootcert that can't be read; write",
        ),
        ("postgres://h/d?sslcert=none.pem&sslkey=none.pem", "has an sslcert that can't be read; write"),
        ("postgres://h/d?connect_timeout=hunter2", "has a connect_timeout that is not a whole number; write"),
        ("postgres://h:6432/d?search_path=x", "sets a search_path, which a pooler refuses; write"),
        ("sqlite://data/app.db", "has too few slashes; write sqlite:///./data/app.db"),
        ("sqlite:///data/", "names a folder; write the file too"),
        ("sqlite:///file:app.db?uri=true", "holds a file: URI; write the plain path"),
    ],
)
def test_what_cannot_be_used_says_what_to_write(text: str, sentence: str) -> None:
    with pytest.raises(DatabaseUrlError, match=f"^({sentence})") as caught:
        parse(text)
    assert "hunter2" not in str(caught.value)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUrlError, match="names a folder"):
        parse("sqlite:///.", tmp_path)


@pytest.mark.parametrize(
    ("mode", "verified", "named"),
    [("verify-ca", ssl.CERT_REQUIRED, False), ("verify-full", ssl.CERT_REQUIRED, True)],
)
def test_verified_tls_asks_the_systems_authorities(mode: str, verified: ssl.VerifyMode, named: bool) -> None:
    context = parse(f"postgres://h/d?sslmode={mode}").connect_args["ssl"]
    assert isinstance(context, ssl.SSLContext)
    assert (context.verify_mode, context.check_hostname) == (verified, named)


def test_an_authority_of_its_own_is_the_only_one(tmp_path: Path) -> None:
    paths = ssl.get_default_verify_paths()
    bundle = Path(paths.cafile or paths.openssl_cafile).read_text(encoding="utf-8")
    end = "-----END CERTIFICATE-----\n"
    (tmp_path / "rds.pem").write_text(bundle[bundle.index("-----BEGIN") :].partition(end)[0] + end)
    for mode, named in (("require", False), ("verify-full", True)):
        context = parse(f"postgres://h/d?sslmode={mode}&sslrootcert=rds.pem", tmp_path).connect_args["ssl"]
        assert len(context.get_ca_certs()) == 1
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, named)
