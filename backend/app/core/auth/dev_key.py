"""The key pair that stands in for an issuer in development, and the tokens it signs."""

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from app.core.auth.keys import TokenRegistry
from app.core.auth.token_checks import is_subject
from app.core.config import Settings

FILE_NAME: Final = "dev-key.json"
ALGORITHMS: Final = ("EdDSA",)
DAY_SECONDS: Final = 24 * 3600


class DevKeyError(Exception):
    """Why there is no development key, or no token from it: one sentence."""


def dev_key(folder: Path) -> OKPKey:
    """The Ed25519 key pair kept in `folder`, made at the first call. Raises DevKeyError."""
    path = folder / FILE_NAME
    try:
        if not path.exists():
            _make(path)
        _refuse_if_shared(path)
        key = OKPKey.import_key(json.loads(path.read_text("utf-8")))
    except OSError as error:
        raise DevKeyError(f"{folder.name}/{FILE_NAME} can't be used: {error.strerror}.") from None
    except (JoseError, ValueError, TypeError, LookupError):
        key = None
    if key is None or key.curve_name != "Ed25519" or not key.is_private or not key.kid:
        raise DevKeyError(f"{folder.name}/{FILE_NAME} is damaged; delete it, and a new one is made.")
    return key


def mint_token(
    settings: Settings,
    user: str,
    lifetime_seconds: int = DAY_SECONDS,
    *,
    clock: Callable[[], float] = time.time,
) -> str:
    """A token that makes its bearer `user`, where the development key counts. Raises DevKeyError."""
    if not settings.is_development:
        raise DevKeyError(
            f"Tokens are minted in development only, and ENVIRONMENT is {settings.environment}."
        )
    if not settings.uses_dev_key:
        raise DevKeyError("An issuer or a secret is configured (AUTH_…), so tokens come from there.")
    if not is_subject(user):
        raise DevKeyError("A user is 1 to 255 printable ASCII characters without spaces, such as alice.")
    key = dev_key(settings.data_dir)
    now = int(clock())
    claims = {"iss": settings.issuer, "sub": user, "iat": now, "exp": now + lifetime_seconds}
    if settings.audience is not None:
        claims["aud"] = settings.audience
    header = {"alg": ALGORITHMS[0], "kid": key.kid}
    return jws.serialize_compact(header, json.dumps(claims), key, registry=TokenRegistry(ALGORITHMS))


def _refuse_if_shared(path: Path) -> None:
    """Whoever reads the key is anybody. Windows keeps no such modes."""
    if os.name == "posix" and path.stat().st_mode & 0o077:
        name = f"{path.parent.name}/{path.name}"
        raise DevKeyError(f"{name} can be read by others than its owner; write chmod 600 {name}.")


def _make(path: Path) -> None:
    """Write a new key beside `path` and link it there: whole or not at all, and the first of two wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(key.as_dict(private=True), file)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        pass  # another process was faster: its key counts
    finally:
        Path(name).unlink()
