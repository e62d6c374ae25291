"""What no code review should have to find: the shape of the repository, its imports, its lock, its image."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # comes with litestar; its stubs would be a dependency for one test

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "backend" / "app"

TOP_LEVEL = {
    *(".ci", ".dockerignore", ".env.example", ".gitignore", "LICENSE", "Makefile", "README.md", "backend"),
    *("compose.yaml", "migrations", "pyproject.toml", "requirements.lock", "scripts"),
}
SWAGGER_UI = APP / "static" / "swagger-ui"
VENDORED = {
    SWAGGER_UI / name
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "LICENSE")
}

# Names of hosts are put together here, or this file would be the first to hold them.
HOSTS = [
    ".".join(parts)
    for parts in (
        *(("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"), ("registry", "yarnpkg")),
        *(("docker", "io"), ("ghcr", "io"), ("quay", "io"), ("gcr", "io"), ("pkg", "dev"), ("jfrog", "io")),
    )
]
HOST = re.compile("|".join(map(re.escape, HOSTS)) + r"|[/]simple/|\bmirrors?\.[a-z]", re.IGNORECASE)
# Somebody's own folder. Named people's are examples.
MACHINE_PATH = re.compile(r"(?<![\w.-])/(?:home|Users|root|work|mnt)/(?!alice\b|bob\b|charlie\b)[\w.-]+")

LAYERS = ("core", "models", "schemas", "queries", "rules", "controller", "main")
ROLES = {
    "probe": "queries",  # health's one statement, and how long to wait for it
    "drawing": "rules",  # what a report looks like drawn
}
# The write and read paths name the counter's table, and what a model says of its own columns.
CORE_READS_MODELS = {
    "app.core.rows.resources",
    "app.core.rows.statements",
    "app.core.db.verify",
}
MODELS_READ_CORE = {"app.core.ids", "app.core.text"}


def files() -> list[Path]:
    """Every file that is, or is about to be, part of the repository, without what others wrote."""
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return [path for path in paths if path.is_file() and path not in VENDORED]


def python_files() -> dict[str, Path]:
    """The app's modules by name."""
    found = (path for path in files() if path.is_relative_to(APP) and path.suffix == ".py")
    return {module_name(path): path for path in found}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(APP.parent).with_suffix("").parts).removesuffix(".__init__")


def imports(name: str, modules: dict[str, Path]) -> Iterator[str]:
    """The app's modules that this one imports, wherever in the file it does so."""
    for node in ast.walk(ast.parse(modules[name].read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module in modules:
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (found if found in modules else node.module for found in full)


def layer(name: str) -> int:
    """Where a module stands in the import order of DESIGN §5."""
    first, *rest = name.split(".")[1:] or ["main"]
    if first in ("core", "models"):
        return LAYERS.index(first)
    if first == "api":
        role = rest[1] if len(rest) > 1 else "controller"
        return LAYERS.index(ROLES.get(role, role))
    return LAYERS.index("main")


def allowed(name: str, imported: str) -> bool:
    if name.startswith("app.models") and imported.startswith("app.core"):
        return imported in MODELS_READ_CORE
    if name.startswith("app.core") and imported.startswith("app.models"):
        return any(f"{name}.".startswith(f"{reader}.") for reader in CORE_READS_MODELS)
    return layer(imported) <= layer(name)


def lock_part(title: str) -> dict[str, str]:
    """The entries of one part of the lock: a package's name, and all that is said of it."""
    text = (ROOT / "requirements.lock").read_text()
    part = text.split(f"\n# To {title}:\n")[1].split("\n# To ")[0]
    entries = part.replace("\\\n", " ").splitlines()
    return {re.split(r"[=\s;]", entry)[0]: entry for entry in entries}


def package(requirement: str) -> str:
    """The name in a requirement, as the lock writes it."""
    return re.split(r"[\[<>=!~ ;]", requirement)[0].lower().replace("_", "-")


def test_the_top_level_holds_what_is_agreed() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in files()} == TOP_LEVEL


def test_no_file_names_a_registry_or_a_path_of_somebodys_machine() -> None:
    lines = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if HOST.search(line) or MACHINE_PATH.search(line)
    ]
    assert lines == []


def test_no_file_is_long() -> None:
    code = [path for path in files() if path.suffix != ".lock"]
    assert {path.name for path in code if len(path.read_text().splitlines()) > 300} == set()


def test_one_commit() -> None:
    texts = {name: path.read_text() for name, path in python_files().items()}
    assert [name for name, text in texts.items() for _ in re.findall(r"\bcommit\(", text)] == [
        "app.core.db.session"
    ]


def test_settings_alone_read_the_environment() -> None:
    code = [path for path in files() if path.suffix == ".py" and "tests" not in path.parts]
    readers = {path for path in code if re.search(r"\b(environ|getenv)\b", path.read_text())}
    assert readers <= {APP / "core" / "config.py"}


def test_annotations_are_real_at_run_time() -> None:
    for name, path in python_files().items():
        text = path.read_text()
        assert "from __future__ import annotations" not in text, name
        assert "TYPE_CHECKING" not in text, name


def test_imports_point_one_way() -> None:
    modules = python_files()
    wrong = [(name, to) for name in modules for to in imports(name, modules) if not allowed(name, to)]
    assert wrong == []


def test_the_database_knows_nothing_of_what_stands_on_it() -> None:
    modules = python_files()
    below = [name for name in modules if name.startswith("app.core.db.")]
    above = ("app.core.auth.", "app.core.feed.", "app.core.http.", "app.core.rows.")
    assert below
    assert [(name, to) for name in below for to in imports(name, modules) if to.startswith(above)] == []


def test_imports_have_no_cycle() -> None:
    modules = python_files()
    graph = {name: set(imports(name, modules)) - {name} for name in modules}
    assert set(TopologicalSorter(graph).static_order()) == set(modules)


@pytest.mark.parametrize("title", ["run", "develop", "benchmark"])
def test_the_lock_has_a_version_and_hashes_for_every_entry_and_no_url(title: str) -> None:
    entry = re.compile(r"[a-z0-9.-]+==[^\s;]+( ; [^@]+?)?(\s+--hash=sha256:[0-9a-f]{64})+")
    part = lock_part(title)
    assert part
    assert [line for line in part.values() if not entry.fullmatch(line) or "://" in line] == []


def test_the_lock_holds_what_the_project_asks_for_and_the_image_no_tools() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run, develop, benchmark = lock_part("run"), lock_part("develop"), lock_part("benchmark")
    assert {package(wanted) for wanted in project["project"]["dependencies"]} <= run.keys()
    assert {package(wanted) for wanted in project["dependency-groups"]["dev"]} <= develop.keys()
    assert {package(wanted) for wanted in project["dependency-groups"]["bench"]} <= benchmark.keys()
    assert len(run | develop | benchmark) == len(run) + len(develop) + len(benchmark)


def test_the_image_runs_as_nobody_in_particular_from_the_locks_first_part() -> None:
    first, final = (ROOT / "backend" / "Dockerfile").read_text().split("\nFROM ")[1:]
    assert "sed '/^# To develop:/,$d' requirements.lock" in first
    assert "--require-hashes" in first
    assert re.search(r"^USER [1-9][0-9]*:[1-9][0-9]*$", final, re.MULTILINE)
    assert 'CMD ["python", "-m", "app"]' in final
    assert "ENVIRONMENT=production" in final
    assert "pip" not in final
    assert "apt" not in final


@pytest.fixture
def services() -> dict[str, Any]:
    """What compose would start."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return found


def test_compose_migrates_once_the_database_is_there_and_serves_once_it_is_migrated(
    services: dict[str, Any],
) -> None:
    assert services["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert services["migrate"]["command"][-2:] == ["upgrade", "head"]
    assert services["app"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert [name for name, service in services.items() if "healthcheck" in service] == ["db", "app", "sqlite"]


def test_compose_says_that_it_is_for_development(services: dict[str, Any]) -> None:
    ours = {name: service["environment"] for name, service in services.items() if name != "db"}
    assert {name: environment.get("ENVIRONMENT") for name, environment in ours.items()} == dict.fromkeys(
        ("migrate", "app", "sqlite"), "development"
    )


def test_compose_has_a_profile_for_sqlite_alone(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "profiles" in service] == ["sqlite"]
    assert services["sqlite"]["profiles"] == ["sqlite"]
    assert services["sqlite"]["environment"]["DATABASE_URL"].startswith("sqlite:////data/")
    assert services["sqlite"]["volumes"] == ["sqlite:/data"]
    assert "depends_on" not in services["sqlite"]


def test_compose_opens_nothing_to_the_network_and_runs_nothing_as_root(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:2100:2100", "127.0.0.1:2101:2100"]
    ours = [service for name, service in services.items() if name != "db"]
    assert {service["user"] for service in ours} == {"10001:10001"}


def test_compose_knows_no_secret_but_the_one_for_development(services: dict[str, Any]) -> None:
    secret = re.compile(r"PASSWORD|SECRET|TOKEN|KEY")
    variables = [pair for service in services.values() for pair in service.get("environment", {}).items()]
    assert {value for name, value in variables if secret.search(name)} == {"development-only"}
    assert {url.split("@")[0] for name, url in variables if name == "DATABASE_URL" and "@" in url} == {
        "postgresql://daybook:development-only"
    }
