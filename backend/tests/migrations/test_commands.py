"""Alembic's commands, from any folder, with the database from the environment."""

import ast
import re
import shutil
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect

from app.core.db.migrations.revisions import INI, revisions
from app.models import metadata
from tests.migrations.running import alembic, look

HEAD = revisions().head
VERSIONS = INI.with_name("versions")


async def tables_of(url: str) -> set[str]:
    return set(await look(url, lambda connection: inspect(connection).get_table_names()))


def test_migrations_import_nothing_of_the_app() -> None:
    allowed = {"alembic", "sqlalchemy", "collections", "datetime", "json", "typing", "uuid"}
    files = list(VERSIONS.glob("*.py"))
    assert files
    for path in files:
        nodes = list(ast.walk(ast.parse(path.read_text())))
        names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
        assert {name.partition(".")[0] for name in names} <= allowed, path.name


def test_migrations_are_named_and_say_why() -> None:
    for path in VERSIONS.glob("*.py"):
        assert re.fullmatch(r"\d{8}_\d{4}_[a-z0-9_]+\.py", path.name)
        prose = ast.get_docstring(ast.parse(path.read_text())) or ""
        assert re.search(r"\nWhy: .{40}", prose), f"{path.name} does not say why it exists"
        assert "say here" not in prose, f"{path.name} still has the template's words"
        assert "auto generated" not in path.read_text(), f"{path.name} still has the template's words"


async def test_every_command_works_from_any_folder(empty_database_url: str, tmp_path: Path) -> None:
    lines = ["current", "upgrade head", "current", "history -i", "check", "downgrade base", "current"]
    done = alembic(empty_database_url, *lines, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first, after_upgrade, *history, check, last = done.stdout.splitlines()
    assert (first, after_upgrade, last) == ("empty", f"{HEAD} (head)", "empty")
    assert f"-> {HEAD} (head) (current)" in history[0]
    assert check == "No new upgrade operations detected."
    assert "Running upgrade" in done.stderr
    assert await tables_of(empty_database_url) == set()


async def test_looking_at_an_empty_database_leaves_it_empty(empty_database_url: str, tmp_path: Path) -> None:
    done = alembic(empty_database_url, "current", "history -i", "check", cwd=tmp_path)
    assert "Target database is not up to date" in done.stderr + done.stdout
    assert await tables_of(empty_database_url) == set()


@pytest.mark.parametrize(
    ("command", "says"), [("current", "empty"), ("history -i", HEAD or ""), ("check", "not up to date")]
)
def test_looking_for_a_file_that_is_not_there_does_not_make_it(
    command: str, says: str, tmp_path: Path
) -> None:
    done = alembic(f"sqlite:///{tmp_path}/alice.db", command, cwd=tmp_path)
    assert says in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


async def test_relative_steps(empty_database_url: str, tmp_path: Path) -> None:
    done = alembic(empty_database_url, "upgrade +1", "downgrade -1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert await tables_of(empty_database_url) == set()


async def test_written_sql_makes_the_same_schema_and_takes_it_away(
    empty_database_url: str, tmp_path: Path
) -> None:
    done = alembic(empty_database_url, "upgrade head --sql", "downgrade head:base --sql", cwd=tmp_path)
    up, down = done.stdout.split("COMMIT;")[:2]
    await run_script(empty_database_url, f"{up}COMMIT;")
    assert await tables_of(empty_database_url) == {"alembic_version", *metadata.tables}
    check = alembic(empty_database_url, "current", "check", cwd=tmp_path)
    assert check.stdout.splitlines() == [f"{HEAD} (head)", "No new upgrade operations detected."]
    await run_script(empty_database_url, f"{down}COMMIT;")
    assert await tables_of(empty_database_url) == set()


def test_autogenerate_finds_nothing_to_do_and_writes_plain_types(database_url: str, tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    shutil.copytree(VERSIONS, versions, ignore=shutil.ignore_patterns("__pycache__"))
    text = INI.read_text().replace("%(here)s/versions", str(versions)).replace("%(here)s", str(INI.parent))
    ini = tmp_path / "alembic.ini"
    ini.write_text(text)
    done = alembic(database_url, "revision --autogenerate -m 'Nothing new: see?'", cwd=tmp_path, ini=ini)
    assert done.returncode == 0, done.stderr
    (made,) = {path.name for path in versions.glob("*.py")} - {path.name for path in VERSIONS.glob("*.py")}
    assert re.fullmatch(r"\d{8}_\d{4}_nothing_new_see\.py", made)
    tree = ast.parse((versions / made).read_text())
    bodies = [node.body for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert [[type(line) for line in body] for body in bodies] == [[ast.Pass], [ast.Pass]]


def test_autogenerate_writes_no_type_of_ours(empty_database_url: str, tmp_path: Path) -> None:
    """From nothing to the models: every type, in words that outlive the app's own."""
    (tmp_path / "versions").mkdir()
    text = INI.read_text().replace("%(here)s/versions", str(tmp_path / "versions"))
    ini = tmp_path / "alembic.ini"
    ini.write_text(text.replace("%(here)s", str(INI.parent)))
    lines = ["revision --autogenerate -m everything", "upgrade head", "check"]
    done = alembic(empty_database_url, *lines, cwd=tmp_path, ini=ini)
    assert done.returncode == 0, done.stderr
    (made,) = (tmp_path / "versions").glob("*.py")
    assert not re.search(r"\b(app|sqlmodel|AutoString|UTCDateTime|Id\()", made.read_text())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://localhost/daybook", "DATABASE_URL names mysql"),
        ("postgresql://bob:hunter2@127.0.0.1:1/daybook", "can't be reached"),
    ],
)
def test_bad_settings_are_one_line_without_secrets(url: str, said: str, tmp_path: Path) -> None:
    done = alembic(url, "upgrade head", cwd=tmp_path)
    assert done.returncode != 0
    (line,) = (done.stdout + done.stderr).strip().splitlines()
    assert said in line
    assert "hunter2" not in line


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Buy milk. " * 100)
    done = alembic(f"sqlite:///{path}", "upgrade head", cwd=tmp_path)
    assert "file is not a database" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


async def run_script(url: str, script: str) -> None:
    """Statement by statement, as a person's client would."""
    lines = [line for line in script.splitlines() if not line.startswith("--")]
    statements = [part.strip() for part in "\n".join(lines).split(";\n") if part.strip(" ;\n")]
    statements = [part for part in statements if part.rstrip(";") not in ("BEGIN", "COMMIT")]

    def work(connection: Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement.rstrip(";"))

    await look(url, work)
