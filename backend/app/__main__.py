"""The service: `python -m app`."""

import asyncio
import errno
import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import Awaitable
from types import FrameType
from typing import Any, Final

import uvicorn
from litestar import Litestar
from litestar.types import ASGIApp

from app.core.auth.dev_key import DevKeyError
from app.core.config import Settings, SettingsError, load_settings
from app.core.feed.wakes import Wakes
from app.core.http.connections import BoundedProtocol
from app.core.http.docs import DOCS_PATH
from app.core.logs import configure_logging
from app.main import create_app
from app.workers import Share, supervise

GRACE_SECONDS: Final = 8
STOP_SECONDS: Final = 9.8
KEEP_ALIVE_SECONDS: Final = 75
"""Longer than load balancers keep an idle connection (60 s), so that they never use one just closed."""
ACCEPTED_AT_ONCE: Final = 50
"""Connections are counted after that: accepted all together, a burst would take the last of the files."""
WAITING_MAX: Final = 2048
ALL_INTERFACES: Final = ("0.0.0.0", "::")  # noqa: S104 (named, so that the banner shows a usable address)

log = logging.getLogger("app")


class Server(uvicorn.Server):
    """Uvicorn, saying where it serves once it does, and gone within ten seconds of being told to stop."""

    def __init__(self, settings: Settings, app: Litestar, share: Share | None = None) -> None:
        super().__init__(configuration(app))
        self.settings = settings
        self.app = app
        self.share = share

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Run the app's own start-up, listen, then say so."""
        await super().startup(sockets)
        for sock in sockets or []:
            sock.listen(WAITING_MAX)  # those not yet accepted wait in the kernel, where they cost us nothing
        if self.share:
            asyncio.get_running_loop().add_reader(self.share.pipe, self._abandoned, self.share.pipe)
        if not self.share or self.share.place == 0:
            _say(banner(self.settings))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody wait for what may come, then stop; the app's own end comes after its last answer."""
        wakes: Wakes = self.app.state.wakes
        wakes.stop()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, answering what is in flight.

        The alarm is for what no time-out covers: a start-up or a shutdown that hangs, a thread that
        won't end. Its default action is the kernel's, so it works whatever Python is busy with.
        """
        super().handle_exit(sig, frame)
        if signal.getitimer(signal.ITIMER_REAL)[0] == 0:
            signal.setitimer(signal.ITIMER_REAL, STOP_SECONDS)

    def _abandoned(self, pipe: int) -> None:
        """Nobody is left who would stop or replace this process."""
        asyncio.get_running_loop().remove_reader(pipe)
        log.error("whoever started this worker is gone; it stops")
        self.handle_exit(signal.SIGTERM, None)


def banner(settings: Settings) -> str:
    """What a person wants to know first: where, which database, how to get a token, where the docs are."""
    host = "127.0.0.1" if settings.host in ALL_INTERFACES else settings.host
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    where = f"{url} (on every interface)" if settings.host in ALL_INTERFACES else url
    token = "make token USER=alice" if settings.uses_dev_key else f"from the issuer, {settings.issuer}"
    return (
        f"Daybook listens on {where}\n"
        f"  database  {settings.database}\n"
        f"  token     {token}\n"
        f"  API docs  {url}{DOCS_PATH}\n"
    )


def listener(host: str, port: int) -> socket.socket:
    """A socket bound to the address; the server listens on it once the app has started. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def briefly(app: Litestar) -> ASGIApp:
    """The app, saying why it can't start in its own log alone: Litestar hands the whole stack on as well."""

    def brief(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        if scope["type"] != "lifespan":
            return app(scope, receive, send)

        async def without_stack(message: Any) -> None:
            failed = message["type"] == "lifespan.startup.failed"
            await send({**message, "message": ""} if failed else message)

        return app(scope, receive, without_stack)

    return brief


def configuration(app: Litestar) -> uvicorn.Config:
    """How Uvicorn runs the app: HTTP/1.1 only, and the app logs its own requests."""
    return uvicorn.Config(
        briefly(app),
        interface="asgi3",
        lifespan="on",
        loop="auto",
        http=BoundedProtocol,
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here depends on the client's address, so nobody need be believed
        backlog=ACCEPTED_AT_ONCE,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def log_what_escapes() -> None:
    """Sends to the log what Python would print by itself, so that standard error is JSON lines alone."""

    def escaped(kind: Any, error: Any, trace: Any) -> None:
        log.critical("unhandled exception", exc_info=(kind, error, trace))

    sys.excepthook = escaped
    threading.excepthook = lambda args: escaped(*args[:3])
    sys.unraisablehook = lambda args: escaped(args.exc_type, args.exc_value, args.exc_traceback)


def main() -> int:
    """Serve until told to stop. Returns the exit code: 0 stopped, 1 no address, 2 a bad setting.

    Where there are to be several workers, each is this very program, told so on its command line.
    """
    share = Share.of(sys.argv[1:])
    for sig in (signal.SIGINT, signal.SIGTERM):
        # Also what Uvicorn hands the signal on to after stopping for it: asked to stop, stopped, no failure.
        signal.signal(sig, _stop)
    configure_logging("INFO")
    log_what_escapes()
    try:
        settings = load_settings()
    except SettingsError as error:
        return _fail(str(error), 2)
    try:
        sock = socket.socket(fileno=share.socket) if share else listener(settings.host, settings.port)
    except OSError as error:
        return _fail(_why_not_bound(settings, error), 1)
    with sock:
        try:
            app = create_app(settings)
        except DevKeyError as error:
            return _fail(str(error), 2)
        configure_logging(settings.log_level)
        for warning in () if share else settings.warnings:
            log.warning(warning)
        if settings.workers > 1 and not share:
            return supervise(sock.fileno(), settings.workers)
        _settle_memory()
        Server(settings, app, share).run([sock])
    return 0


def _settle_memory() -> None:
    """Has the garbage collector leave alone what is there from the start and stays: most of all there is.

    While it goes through something, every request waits.
    """
    gc.collect()
    gc.freeze()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _why_not_bound(settings: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"PORT {settings.port} on {settings.host} is in use; stop what uses it, or write another PORT."
    return f"HOST {settings.host}, PORT {settings.port} can't be listened on: {error.strerror}."


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _fail(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
