"""Where a reader stands in a person's changes: `<epoch>.<seq>.<floor>`, a cursor and an event's id alike."""

import re
from typing import Final, NamedTuple

from app.core.errors import GoneError, MalformedError
from app.core.http.etags import NO_EPOCH, Head

# At most 18 digits: the database's numbers hold them all.
_TEXT: Final = re.compile(r"([0-9a-z]{1,32})\.(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})")


class FeedCursor(NamedTuple):
    """A place in the changes: after the number `seq` of `epoch`.

    `floor` is the number of the last purge that was known when the load began: what was purged up to
    there, a reader who began after it never had.
    """

    epoch: str = NO_EPOCH
    seq: int = 0
    floor: int = 0

    def __str__(self) -> str:
        """The cursor as clients get it."""
        return f"{self.epoch}.{self.seq}.{self.floor}"


START: Final = FeedCursor()
"""Before every change, and all that there is of a person who has never written."""


def parse_feed_cursor(text: str | None) -> FeedCursor:
    """The cursor in a text; the start where there is none. Raises MalformedError for another text."""
    if text is None:
        return START
    if match := _TEXT.fullmatch(text):
        cursor = FeedCursor(match[1], int(match[2]), int(match[3]))
        if cursor.epoch != NO_EPOCH or cursor == START:
            return cursor
    raise MalformedError("The cursor is not one that the changes gave; start without it.")


def refuse_gone(cursor: FeedCursor, head: Head, purged_seq: int) -> None:
    """Raises GoneError where rows may be gone of which the reader would never hear.

    The numbers count anew in another epoch; a backup was restored where the reader has seen more than
    there is; and what was purged beyond all that the reader has seen has left no trace.
    """
    if cursor == START:
        return
    if cursor.epoch != head.epoch or cursor.seq > head.seq or purged_seq > max(cursor.seq, cursor.floor):
        raise GoneError("The cursor is overtaken: drop what you hold, and load again without `since`.")


def first_floor(cursor: FeedCursor, purged_seq: int) -> int:
    """The floor of a load: that of its cursor, or where it begins with this page, the last purge."""
    return purged_seq if cursor == START else cursor.floor
