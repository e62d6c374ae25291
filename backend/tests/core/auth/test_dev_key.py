"""The development key: made once, for its owner's eyes, and of no use elsewhere."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.core.auth import dev_key as module
from app.core.auth.dev_key import DAY_SECONDS, DevKeyError, dev_key, mint_token
from app.core.auth.tokens import make_verifier
from app.core.config import Settings
from app.core.errors import UnauthorizedError
from tests.core.auth.issuer import ISSUER, NOW, SECRET, Clock, claims_of, new_key, sign


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of this test's own, not there yet."""
    folder = tmp_path / "data"
    monkeypatch.setattr(Settings, "data_dir", property(lambda _: folder))
    return folder


def test_the_key_is_made_once_and_read_by_its_owner_alone(data: Path) -> None:
    key = dev_key(data)
    assert key.is_private
    assert dev_key(data).as_dict(private=True) == key.as_dict(private=True)
    assert stat.S_IMODE((data / "dev-key.json").stat().st_mode) == 0o600
    assert os.listdir(data) == ["dev-key.json"]


def test_of_two_who_make_it_at_once_the_first_wins(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = dev_key(data)
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert dev_key(data).kid == first.kid
    assert os.listdir(data) == ["dev-key.json"]


def test_processes_that_start_at_once_agree(data: Path) -> None:
    imports = "import pathlib, sys; from app.core.auth.dev_key import dev_key"
    code = f"{imports}; print(dev_key(pathlib.Path(sys.argv[1])).kid)"
    backend = Path(module.__file__).parents[3]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(data)], stdout=subprocess.PIPE, cwd=backend, text=True
        )
        for _ in range(4)
    ]
    answers = {process.communicate(timeout=60)[0] for process in started}
    assert answers == {f"{dev_key(data).kid}\n"}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        "\0",
        json.dumps(new_key().as_dict()),
        json.dumps({"kty": "oct", "k": "c2VjcmV0", "kid": "first"}),
        json.dumps({**new_key().as_dict(private=True), "kid": ""}),
        json.dumps({**new_key().as_dict(private=True), "d": "AAAA"}),
    ],
)
def test_a_damaged_file_says_what_to_do(data: Path, content: str) -> None:
    data.mkdir()
    (data / "dev-key.json").write_text(content)
    (data / "dev-key.json").chmod(0o600)
    with pytest.raises(DevKeyError, match=r"^data/dev-key\.json is damaged; delete it"):
        dev_key(data)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_key_that_others_can_read_is_refused(data: Path, mode: int) -> None:
    dev_key(data)
    (data / "dev-key.json").chmod(mode)
    with pytest.raises(DevKeyError) as refused:
        mint_token(Settings(), "alice")
    assert str(refused.value) == (
        "data/dev-key.json can be read by others than its owner; write chmod 600 data/dev-key.json."
    )
    (data / "dev-key.json").chmod(0o400)
    assert dev_key(data).is_private


def test_a_folder_that_cant_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DevKeyError, match=r"^data/dev-key\.json can't be used: "):
        dev_key(tmp_path / "data")


async def test_a_minted_token_passes_for_a_day(data: Path) -> None:
    clock = Clock()
    verifier = make_verifier(Settings(), clock=clock)
    token = mint_token(Settings(), "alice", clock=clock)
    clock.now = NOW + DAY_SECONDS - 1
    assert await verifier.verify(token) == "alice"
    clock.now = NOW + DAY_SECONDS + 30
    with pytest.raises(UnauthorizedError):
        await verifier.verify(token)


async def test_the_algorithm_of_a_future_issuer_does_not_disturb(data: Path) -> None:
    settings = Settings(auth_algorithms=("RS256",))
    assert await make_verifier(settings).verify(mint_token(settings, "alice")) == "alice"


async def test_another_machines_token_is_refused(data: Path) -> None:
    verifier = make_verifier(Settings(), clock=Clock())
    claims = claims_of(iss=Settings().issuer, aud=Settings().audience)
    with pytest.raises(UnauthorizedError):
        await verifier.verify(sign(new_key(), claims))


@pytest.mark.parametrize("user", ["", "alice bob", "alice\n", "ålice", "x" * 256])
def test_only_who_can_own_rows_gets_a_token(data: Path, user: str) -> None:
    with pytest.raises(DevKeyError, match="printable ASCII"):
        mint_token(Settings(), user)
    assert not data.exists()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (Settings(environment="production", auth_issuer=ISSUER), "ENVIRONMENT is production"),
        (
            Settings(environment="test", auth_issuer=ISSUER, auth_secret=SecretStr(SECRET)),
            "ENVIRONMENT is test",
        ),
        (Settings(auth_issuer=ISSUER), "tokens come from there"),
        (Settings(auth_issuer=ISSUER, auth_secret=SecretStr(SECRET)), "tokens come from there"),
    ],
)
async def test_where_an_issuer_counts_the_key_does_not(data: Path, settings: Settings, sentence: str) -> None:
    with pytest.raises(DevKeyError, match=sentence):
        mint_token(settings, "alice")
    verifier = make_verifier(settings)
    await verifier.aclose()
    assert "data" not in os.listdir(data.parent)
