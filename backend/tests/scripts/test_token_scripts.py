"""The two token commands, run as an operator runs them."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import Key

import explain_token
import make_token
from app.core.config import PROJECT_ROOT, Settings
from tests.core.auth.issuer import AUDIENCE, ISSUER, claims_of, jwks_of, new_key, serving, sign

KEY = new_key()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder and settings of this test's own."""
    monkeypatch.setattr(Settings, "data_dir", property(lambda _: tmp_path))
    for module in (explain_token, make_token):
        monkeypatch.setattr(module, "load_settings", Settings)
    return tmp_path


async def _explain(token: str, key: Key = KEY) -> int:
    async with serving(jwks_of(key)) as server:
        settings = Settings(auth_issuer=ISSUER, auth_audience=AUDIENCE, auth_jwks_url=server.url)
        return await explain_token.explain(token, settings)


def _lasting(**changes: Any) -> dict[str, Any]:
    return claims_of(**{"exp": 4_000_000_000, **changes})


def test_a_minted_token_is_printed_alone_and_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert make_token.main(["alice"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert explain_token.main([printed.out.strip()]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "The token passes: its bearer is alice."
    assert [line.split()[0] for line in lines[:-1]] == ["ok"] * 10


def test_who_can_have_no_token_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert make_token.main(["alice bob"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1


def test_a_token_may_come_with_its_scheme(capsys: pytest.CaptureFixture[str]) -> None:
    make_token.main(["alice"])
    token = capsys.readouterr().out
    assert explain_token.main([f"Bearer {token}"]) == 0


@pytest.mark.parametrize(
    ("token", "line"),
    [
        ("w3XmqK0fVtR8sYbLcNpZ1aHdGjEuT5iO", "session_token: This looks like a session token, not a JWT"),
        ("alice", "not_a_jwt: A JWT is three parts"),
        (sign(KEY, _lasting(), {"alg": "none", "kid": "first"}), "algorithm: It is signed with 'none'"),
        (sign(KEY, _lasting(), {"alg": "EdDSA"}), "no_kid: Its header names no key"),
        (sign(new_key("second"), _lasting()), "unknown_key: Its header names a key"),
        (sign(new_key(), _lasting()), "bad_signature: Its signature is not one of the key"),
        (
            sign(KEY, _lasting(iss="https://other.example.com")),
            "issuer: `iss` is 'https://other.example.com';",
        ),
        (sign(KEY, _lasting(aud=None)), "audience: `aud` is None; AUTH_AUDIENCE is 'daybook'."),
        (sign(KEY, claims_of(exp=1_000_000_000)), "expired: `exp` passed "),
        (sign(KEY, _lasting(nbf=3_999_999_999)), "not_yet_valid: `nbf` is "),
        (sign(KEY, _lasting(sub="")), "sub: `sub` is missing, or not"),
    ],
)
async def test_a_token_is_told_which_check_it_fails(
    token: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await _explain(token) == 1
    failed = [text for text in capsys.readouterr().out.splitlines() if text.startswith("FAILED")]
    assert len(failed) == 1
    assert failed[0].startswith(f"FAILED  {line}")


async def test_every_claim_that_fails_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    token = sign(KEY, _lasting(iss="other", aud="other", sub="a b", email="alice@example.com"))
    assert await _explain(token) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [text.split(":")[0] for text in lines if text.startswith("FAILED")] == [
        "FAILED  issuer",
        "FAILED  audience",
        "FAILED  sub",
    ]
    assert "alice@example.com" not in "".join(lines)


async def test_what_a_claim_says_is_printed_without_its_control_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert await _explain(sign(KEY, _lasting(iss="\x1b[2J\ud800ü"))) == 1
    assert "`iss` is '\\x1b[2J\\ud800\\xfc';" in capsys.readouterr().out


def test_without_the_issuer_the_checks_could_not_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = Settings(auth_issuer=ISSUER, auth_jwks_url="http://127.0.0.1:9/jwks")
    monkeypatch.setattr(explain_token, "load_settings", lambda: closed)
    assert explain_token.main([sign(KEY, _lasting())]) == 2
    assert capsys.readouterr().err == "The token issuer's keys are out of reach.\n"


@pytest.mark.parametrize("script", ["make_token.py", "explain_token.py"])
async def test_from_any_folder_bad_settings_are_one_line(script: str, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(PROJECT_ROOT / "scripts" / script),
        "alice",
        cwd=tmp_path,
        env={**os.environ, "ENVIRONMENT": "production", "AUTH_ISSUER": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == {"make_token.py": 1, "explain_token.py": 2}[script]
    assert out == b""
    assert err.startswith(b"AUTH_ISSUER is missing")
    assert err.count(b"\n") == 1
