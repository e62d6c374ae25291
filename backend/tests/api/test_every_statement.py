"""What a request about whatever kind of row asks of the database: each statement is about one person."""

import httpx
import pytest

from app.core.ids import new_id
from tests.api.kinds import KINDS, Kind, id_of
from tests.api.tasks.test_statements import assert_about
from tests.service import Statement

pytestmark = pytest.mark.parametrize("kind", KINDS, ids=id_of)


async def test_every_statement_is_about_one_person(
    kind: Kind, alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    where = kind.at(await kind.add(alice))
    for request in (
        alice.get(where),
        *(
            alice.get(kind.where, params={"sort": sort, "q": "a", "total": "true"})
            for sort in kind.listing.sorts
        ),
        alice.patch(where, json={kind.text: "Another"}),
        alice.put(where, json=kind.draft()),
        alice.put(f"{kind.where}/{new_id()}", json=kind.draft()),
        alice.delete(where),
        alice.post(f"{where}/restore"),
    ):
        assert (await request).is_success
    assert len(statements) > 10 + len(kind.listing.sorts)
    for statement, parameters in statements:
        assert_about(statement, parameters, "alice")


async def test_reading_is_one_statement_and_writing_two_and_those_that_rules_read_by(
    kind: Kind, alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    where = kind.at(await kind.add(alice))
    read = bool(kind.resource.rules)
    for request, count in (
        (alice.get(where), 1),
        (alice.get(kind.where, params={"total": "true", "q": "a"}), 1),
        (alice.post(kind.where, json=kind.draft()), 2 + read),
        (alice.patch(where, json={}), 2 + read),
        (alice.delete(where), 2 + read),
    ):
        statements.clear()
        assert (await request).is_success
        assert len(statements) == count
