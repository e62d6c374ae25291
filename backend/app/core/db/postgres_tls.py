"""TLS to Postgres: libpq's `ssl…` parameters as arguments of asyncpg's connect."""

import ssl
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from app.core.db.url_parts import DatabaseUrlError

MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
_YES_OR_NO: Final = {"true": "require", "1": "require", "on": "require", "false": "disable", "0": "disable"}


def tls_of(query: dict[str, str], root: Path) -> dict[str, Any]:
    """Take the parameters of TLS out of `query`. Modes mean what libpq's manual says (section 32.18).

    Where it looks for a file in the home folder, the system's own authorities are asked instead.
    """
    arguments: dict[str, Any] = {}
    if query.pop("sslnegotiation", "postgres") == "direct":
        arguments["direct_tls"] = True
    mode = query.pop("sslmode", None) or query.pop("ssl", None)
    query.pop("ssl", None)
    files = {name: query.pop(name) for name in _FILES if query.get(name)}
    password = query.pop("sslpassword", None)
    if mode is None and not files:
        return arguments
    mode = _YES_OR_NO.get((mode or "require").lower(), mode or "require").lower()
    if mode not in MODES:
        raise DatabaseUrlError(f"has an unknown sslmode; write one of {', '.join(MODES)}")
    if mode == "disable" or not (files or mode.startswith("verify")):
        return arguments | {"ssl": mode}
    return arguments | {"ssl": _context(mode, files, password, root)}


def libpq_tls(query: Mapping[str, str], root: Path) -> dict[str, str]:
    """The same parameters for libpq's own programs, before `tls_of` takes them out: all but the password."""
    given = {name: query[name] for name in ("sslmode", "sslnegotiation", *_FILES) if query.get(name)}
    if "sslmode" not in given and query.get("ssl"):
        given["sslmode"] = _YES_OR_NO.get(query["ssl"].lower(), query["ssl"])
    for name in _FILES:
        if name in given and given[name] != "system":
            given[name] = str(root / given[name])
    if given.get("sslmode", "").startswith("verify"):
        given.setdefault("sslrootcert", "system")
    return given


def _context(mode: str, files: dict[str, str], password: str | None, root: Path) -> ssl.SSLContext:
    authorities = files.get("sslrootcert")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = mode == "verify-full" or authorities == "system"
    if not mode.startswith("verify") and not authorities:
        context.verify_mode = ssl.CERT_NONE
    if authorities and authorities != "system":
        _load("sslrootcert", partial(context.load_verify_locations, root / authorities))
    else:
        context.load_default_certs()
    if "sslcrl" in files:
        _load("sslcrl", partial(context.load_verify_locations, root / files["sslcrl"]))
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    if "sslcert" in files:
        key = root / files["sslkey"] if "sslkey" in files else None
        # Without a password OpenSSL would ask for one on the terminal, and wait.
        _load("sslcert", partial(context.load_cert_chain, root / files["sslcert"], key, password or ""))
    return context


def _load(name: str, load: Callable[[], None]) -> None:
    try:
        load()
    except (OSError, ValueError):
        raise DatabaseUrlError(f"has an {name} that can't be read; write the path of a PEM file") from None
