"""What all commands share: how they tell whom, also a reader who stops listening, and how they refuse."""

import asyncio
import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TextIO

import msgspec
import pytest

import _command
from tests.migrations.running import environment, look
from tests.scripts.commands import SCRIPTS

NAMES = sorted({path.stem for path in SCRIPTS.glob("*_db.py")} | {"purge", "relink_user"})


def line(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", str(SCRIPTS / f"{name}.py"), *arguments]


@pytest.mark.parametrize("arguments", [(), ("--json",)])
@pytest.mark.parametrize("name", ["verify_db", "backup_db"])
def test_who_listens_no_longer_does_not_stop_the_work(
    name: str, arguments: tuple[str, ...], database_url: str, tmp_path: Path
) -> None:
    extra = ("--to", str(tmp_path / "made.zip")) if name == "backup_db" else ()
    reader, writer = os.pipe()
    os.close(reader)
    command = line(name, *arguments, *extra)
    done = subprocess.run(
        command, env=environment(database_url), cwd=tmp_path, stdout=writer, stderr=writer, check=False
    )
    os.close(writer)
    assert done.returncode == 0
    assert (tmp_path / "made.zip").is_file() == (name == "backup_db")


def test_a_pipe_that_closes_early_ends_without_a_traceback(database_url: str, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        line("verify_db"),
        env=environment(database_url),
        cwd=tmp_path,
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_without_a_standard_error_the_progress_is_not_in_the_result(
    database_url: str, tmp_path: Path
) -> None:
    given = line("backup_db", "--json", "--to", str(tmp_path / "made.zip"))
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" 2>&- <&-', "sh", *given],
        env=environment(database_url),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        check=False,
    )
    assert (done.returncode, json.loads(done.stdout)["ok"]) == (0, True)


def test_a_result_that_cannot_be_written_is_told_and_is_no_success(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Full:
        def __init__(self, file: TextIO) -> None:
            self.fileno = file.fileno

        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async def work() -> _command.Told:
        return _command.Told(lines=["done"])

    with (tmp_path / "full").open("w") as file:
        monkeypatch.setattr("sys.stdout", Full(file))
        assert [_command.run(work, as_json=as_json) for as_json in (False, True)] == [1, 1]
    why = f"what it had to tell could not be written: {os.strerror(errno.ENOSPC)}\n"
    assert capsys.readouterr().err == why * 2


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_command_line_is_told_in_json_too_and_help_tells_the_exit_codes(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main = __import__(name).main
    with pytest.raises(SystemExit, match="2"):
        main(["--nonsense", "--json"])
    said = capsys.readouterr()
    told = msgspec.json.decode(said.out)
    assert (told["ok"], said.err) == (False, "")
    assert told["error"].startswith("could not run: ")
    with pytest.raises(SystemExit, match="2"):
        main(["--nonsense"])
    assert capsys.readouterr().err.startswith("usage: ")
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "Exit codes: 0 done; 1 it failed" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", ["purge", "relink_user"])
def test_a_database_that_is_not_there_is_told_in_words(
    name: str, empty_postgres_database_url: str, tmp_path: Path
) -> None:
    who = ("alice", "bob") if name == "relink_user" else ()
    for url, why in (
        ("postgresql://alice:hunter2@127.0.0.1:1/daybook", "can't be reached: Connect call failed"),
        (f"{empty_postgres_database_url}_not", '_not" does not exist; run `python scripts/init_db.py`'),
    ):
        done = subprocess.run(
            line(name, *who), env=environment(url), cwd=tmp_path, text=True, capture_output=True, check=False
        )
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.stderr
        assert why in done.stderr
        assert "hunter2" not in done.stderr


@pytest.mark.parametrize("name", ["init_db", "backup_db", "purge"])
async def test_a_right_that_is_missing_is_named(
    name: str, postgres_database_url: str, tmp_path: Path
) -> None:
    await look(
        postgres_database_url,
        lambda c: c.exec_driver_sql(
            "DO $$ BEGIN CREATE ROLE daybook_nobody LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        ),
    )
    head, _, rest = postgres_database_url.partition("://")
    url = f"{head}://daybook_nobody@{rest.rpartition('@')[2]}"
    done = await asyncio.to_thread(
        subprocess.run, line(name), env=environment(url), cwd=tmp_path, text=True, capture_output=True
    )
    assert done.returncode in (1, 2)
    assert "permission denied for table alembic_version" in done.stderr
