"""Settings over HTTP: list, read, put, delete, restore."""

from litestar import Controller, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.api.config.queries import SETTING_LIST, SETTINGS
from app.api.config.rules import key_of, question_from
from app.api.config.schemas import SETTING_EXAMPLE, SettingOut, SettingPage, SettingPut, SettingQuery
from app.core.db.session import Session
from app.core.http.answers import created_answer, page_answer, row_answer
from app.core.http.conditions import IfMatch
from app.core.rows import writes
from app.core.rows.pages import read_page
from app.core.rows.reads import read_row
from app.core.rows.turns import take_turn


class ConfigController(Controller):
    """What a person likes to have: their zone, week and rounding, and a frontend's own (`app.…`)."""

    path = "/config"
    tags = ("Config",)

    @get(operation_id="listSettings", opt={"query": SettingQuery})
    async def list_settings(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        asked: NamedDependency[SettingQuery],
        if_none_match: NamedDependency[list[str]],
    ) -> Response[SettingPage]:
        """Your settings, a page at a time; 304 where your copy is still good."""
        page = await read_page(session, user_id, SETTING_LIST, question_from(asked), asked, if_none_match)
        return page_answer(page, SettingPage)

    @get("/{key:str}", operation_id="getSetting")
    async def get_setting(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        key: FromPath[str],
        if_none_match: NamedDependency[list[str]],
    ) -> Response[SettingOut]:
        """One setting; 304 where your copy is still good, 404 where it is not set and its default holds."""
        return row_answer(await read_row(session, user_id, SETTINGS, key_of(key)), if_none_match)

    @put("/{key:str}", operation_id="putSetting", opt={"example": SETTING_EXAMPLE})
    async def put_setting(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        key: FromPath[str],
        data: JSONBody[SettingPut],
        if_match: NamedDependency[IfMatch],
        create_only: NamedDependency[bool],
    ) -> Response[SettingOut]:
        """Make the setting with this key be this: replace it, or create it."""
        values = SETTINGS.changes(data, key)
        turn = await take_turn(session, user_id)
        row, created = await writes.replace(turn, SETTINGS, key, values, if_match, create_only)
        return created_answer(row, SETTINGS) if created else row_answer(row)

    @delete("/{key:str}", operation_id="deleteSetting")
    async def delete_setting(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        key: FromPath[str],
        if_match: NamedDependency[IfMatch],
    ) -> None:
        """Move a setting to the trash: its default holds again."""
        known = key_of(key)
        await writes.trash(await take_turn(session, user_id), SETTINGS, known, if_match)

    @post("/{key:str}/restore", operation_id="restoreSetting", status_code=200)
    async def restore_setting(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        key: FromPath[str],
        if_match: NamedDependency[IfMatch],
    ) -> Response[SettingOut]:
        """Take a setting out of the trash."""
        known = key_of(key)
        turn = await take_turn(session, user_id)
        return row_answer(await writes.restore(turn, SETTINGS, known, if_match))
