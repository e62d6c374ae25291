"""Looking after those who wait, where nobody tells of what other processes wrote, or a word got lost."""

import asyncio
import logging
from itertools import groupby
from time import monotonic
from typing import Any, Final

from sqlalchemy import Select, select

from app.core.db.errors import name_of, problem_of
from app.core.db.session import Database
from app.core.errors import UnavailableError
from app.core.feed.wakes import Wakes
from app.core.http.etags import Head
from app.core.rows.statements import HEADS, by_user

ALONE_SECONDS: Final = 3.0
"""Between two looks where writes of other processes are not heard of: SQLite, a pooler, a lost connection."""
HEARD_SECONDS: Final = 30.0
"""Between two looks where they are."""

HEAD: Final[Select[Any]] = select(HEADS.c.epoch, HEADS.c.seq).where(by_user(HEADS))
"""A person's head: epoch, seq."""

log = logging.getLogger(__name__)


async def poll(database: Database, wakes: Wakes) -> None:
    """Looks again and again at the heads of those who are waited for, until cancelled."""
    looked_at = monotonic()
    while True:
        await asyncio.sleep(ALONE_SECONDS)
        if wakes.hears and monotonic() - looked_at < HEARD_SECONDS:
            continue
        looked_at = monotonic()
        try:
            await look(database, wakes)
        except UnavailableError:
            continue
        except Exception as error:  # who looks after the others must not fall himself
            level = logging.ERROR if problem_of(error) is None else logging.DEBUG
            log.log(level, "the heads could not be looked at", extra={"cause": name_of(error)})


async def look(database: Database, wakes: Wakes) -> None:
    """Wakes those whose person's head is not the one that they have seen. One statement a person, in turn."""
    for user_id, waiters in groupby(wakes.all(), key=lambda waiter: waiter.user_id):
        async with wakes.turn(), database.session(read_only=True) as session:
            found = await session.row(HEAD, {"by_user_id": user_id})
        head = Head(*found) if found else Head()
        for waiter in waiters:
            if waiter.head != head:
                waiter.wake()
