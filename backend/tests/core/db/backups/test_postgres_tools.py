"""Postgres's own programs: found, and told where to go without telling everybody the password."""

from pathlib import Path

import pytest

from app.core.db.backups.postgres_tools import Tool, connection_string, running, tool
from app.core.db.url import parse_database_url
from app.core.operating import FailedError
from tests.postgres import postgres_home


def said_of(url: str, folder: Path) -> str:
    return connection_string(parse_database_url(url, root=Path("/srv/alice")), folder)


def test_the_password_is_in_a_file_of_its_owners_alone(tmp_path: Path) -> None:
    said = said_of("postgresql://bob:p%3A%5C%27x@db.test:5433/daybook", tmp_path)
    assert said == (
        f"host='db.test' port='5433' user='bob' dbname='daybook' passfile='{tmp_path}/pgpass'"
        " client_encoding='UTF8' application_name='daybook-backup'"
    )
    file = tmp_path / "pgpass"
    assert file.read_text() == "*:*:*:*:p\\:\\\\'x\n"
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sslmode=require", "sslmode='require'"),
        ("ssl=true", "sslmode='require'"),
        ("sslmode=verify-full", "sslmode='verify-full' sslrootcert='system'"),
        ("host=/run/postgresql", "host='/run/postgresql'"),
        ("sslmode=disable&pgbouncer=false&connect_timeout=3", "sslmode='disable'"),
    ],
)
def test_what_the_url_says_is_said_in_their_words(query: str, expected: str, tmp_path: Path) -> None:
    assert expected in said_of(f"postgresql://bob@db.test/daybook?{query}", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_they_are_found_where_they_are(tmp_path: Path) -> None:
    found = tool("pg_dump", postgres_home() / "bin")
    assert found
    assert found.major >= 13
    assert tool("pg_dump", tmp_path) is None
    (tmp_path / "pg_dump").write_text("no program")
    assert tool("pg_dump", tmp_path) is None
    (tmp_path / "pg_dump").chmod(0o755)
    assert tool("pg_dump", tmp_path) is None


async def test_what_they_complain_of_is_told_in_a_line(tmp_path: Path) -> None:
    script = tmp_path / "pg_dump"
    script.write_text(
        "#!/bin/sh\necho 'pg_dump: error: no such thing' >&2; echo 'detail: else' >&2; exit 3\n"
    )
    script.chmod(0o755)
    with pytest.raises(FailedError, match=r"^pg_dump failed: no such thing$"):
        async with running(Tool(str(script), 18)):
            pass
