"""The statements of settings."""

from contextlib import suppress
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, literal, select

from app.api.config.schemas import KNOWN, Preferences, SettingOut, SettingPut
from app.core.days import is_zone
from app.core.db.session import Session
from app.core.http.wire import Text
from app.core.rows.filters import live_or_trashed
from app.core.rows.pages import Listing
from app.core.rows.resources import Resource
from app.core.rows.sorts import Sort, both_ways, by_last_change
from app.core.rows.statements import by_user
from app.models.base import table_of
from app.models.config import Config

CONFIG: Final = table_of(Config)

SETTINGS: Final = Resource(
    name="setting",
    path="/config",
    table=CONFIG,
    out=SettingOut,
    columns=SettingOut.__struct_fields__,
    put=SettingPut,
    key="key",
)

SETTING_LIST: Final = Listing(
    SETTINGS,
    both_ways(
        {
            "key": Sort(
                (CONFIG.c.key,), tuple[Text], ("",), ("~",), lambda setting: (setting.key,), served=True
            ),
            "updated_at": by_last_change(CONFIG),
        }
    ),
    live_or_trashed(CONFIG),
)


def setting(key: str) -> ColumnElement[Any]:
    """The value of one of the person's settings, NULL where it is not set: a column for any statement."""
    wanted = CONFIG.c.key == literal(key, CONFIG.c.key.type)
    return (
        select(CONFIG.c.value).where(by_user(CONFIG), wanted, CONFIG.c.deleted_at.is_(None)).scalar_subquery()
    )


PREFERENCES: Final[Select[Any]] = select(
    *(setting(name).label(name) for name in Preferences.__struct_fields__)
)


async def preferences_of(session: Session, user_id: str) -> Preferences:
    """What the person has set of the known settings, with defaults for the rest.

    A value that was taken once and no longer fits, as a zone that has been renamed since, is as good as
    not set: a person can't be locked out of their reports by it.
    """
    row = await session.row(PREFERENCES, {"by_user_id": user_id})
    given: dict[str, Any] = {}
    for name, value in row._asdict().items():
        with suppress(msgspec.ValidationError):
            given[name] = msgspec.convert(value, KNOWN[name])
    if not is_zone(given.get("time_zone", "UTC")):
        del given["time_zone"]
    return Preferences(**given)
