"""What each revision does to Postgres, read by a linter that knows which statements hold others up."""

import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import msgspec

from app.core.db.migrations.revisions import INI, revisions
from tests.migrations.running import alembic

SQUAWK = shutil.which("squawk", path=sysconfig.get_path("scripts"))
POSTGRES = "postgresql://alice@localhost/daybook"  # never connected to: the SQL is only written
STEP = re.compile(r"^-- Running upgrade .*-> (\w+)$", re.MULTILINE)

EXEMPT = {
    ("90d5a7e3c41b", "prefer-bigint-over-int"): "`status` is an HTTP status: three digits",
}
"""By revision and rule, why it may."""


class Finding(msgspec.Struct, frozen=True):
    file: str
    rule_name: str
    message: str


def lint(folder: Path, files: dict[str, str]) -> set[tuple[str, str]]:
    """The rules that each of these break, by the file's name; an error is a rule too."""
    assert SQUAWK
    for name, sql in files.items():
        (folder / f"{name}.sql").write_text(sql)
    paths = [str(folder / f"{name}.sql") for name in files]
    command = [SQUAWK, "--config", str(INI.with_name("squawk.toml")), "--reporter", "json", *paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    found = msgspec.json.decode(done.stdout, type=list[Finding])
    return {(Path(finding.file).stem, finding.rule_name) for finding in found}


def test_no_revision_holds_postgres_up(tmp_path: Path) -> None:
    done = alembic(POSTGRES, "upgrade head --sql", cwd=tmp_path)
    before, *steps = STEP.split(done.stdout.replace("BEGIN;", "").replace("COMMIT;", ""))
    limits = "\n".join(line for line in before.splitlines() if line.startswith("SET "))
    written = dict(zip(steps[::2], steps[1::2], strict=True))
    assert written.keys() == revisions().known
    found = lint(tmp_path, {name: f"{limits}\n{sql}" for name, sql in written.items()})
    assert found == EXEMPT.keys()


def test_the_linter_bites(tmp_path: Path) -> None:
    bad = {
        "waits": "ALTER TABLE tasks ADD COLUMN colour text NOT NULL;",
        "rewrites": "ALTER TABLE tasks ALTER COLUMN seq TYPE numeric;",
        "reads_all": "ALTER TABLE tasks ADD CONSTRAINT ck_tasks_colour CHECK (seq > 0);",
    }
    assert {name for name, _ in lint(tmp_path, bad)} == bad.keys()
