"""What a request asks of the database: how many statements, and each of them about one person."""

import re
from typing import Any

import httpx

from app.models import metadata
from tests.api.tasks.calls import TASKS, add, at, id_at, tag_of
from tests.service import Statement

OWNED = "|".join(table.name for table in metadata.tables.values() if "user_id" in table.c)
NAMED = re.compile(rf"\b(FROM|JOIN|UPDATE|INTO) ({OWNED})\b")
BOUND = re.compile(rf"\b(?:{OWNED})\.user_id = (?:\?|\$(\d+)(?:::\w+)?)")


def take(statements: list[Statement]) -> list[str]:
    """What ran since last asked."""
    ran = [statement.split()[0] for statement, _ in statements]
    statements.clear()
    return ran


async def test_reading_is_one_statement(alice: httpx.AsyncClient, statements: list[Statement]) -> None:
    task = await add(alice)
    tag, list_tag = await tag_of(alice, at(task)), await tag_of(alice, TASKS)
    take(statements)
    for read in (
        alice.get(at(task)),
        alice.get(at(task), headers={"If-None-Match": tag}),
        alice.head(at(task)),
        alice.get(TASKS),
        alice.get(TASKS, headers={"If-None-Match": list_tag}),
        alice.get(TASKS, params={"total": "true", "tag": "home", "due": "today", "sort": "-due"}),
    ):
        answer = await read
        assert answer.status_code in (200, 304)
        assert take(statements) == ["SELECT"], answer.request


async def test_writing_is_the_number_and_the_change(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    task = await add(alice)
    assert take(statements) == ["INSERT", "INSERT"]
    for write in (
        alice.patch(at(task), json={"title": "Water"}),
        alice.put(at(task), json={"title": "Water"}),
        alice.patch(at(task), json={"title": "Water"}, headers={"If-Match": "*"}),
        alice.delete(at(task)),
    ):
        assert (await write).is_success
        assert take(statements) == ["INSERT", "UPDATE"]


async def test_what_has_to_look_first_is_one_statement_more(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    task = await add(alice)
    await alice.delete(at(task))
    take(statements)
    assert (await alice.post(f"{at(task)}/restore")).is_success
    assert take(statements) == ["INSERT", "SELECT", "UPDATE"]
    assert (await alice.post(f"{at(task)}/restore")).is_success
    assert take(statements) == ["INSERT", "SELECT", "UPDATE"], "the number is given back"


async def test_a_condition_costs_no_statement(alice: httpx.AsyncClient, statements: list[Statement]) -> None:
    where = at(await add(alice))
    tag = await tag_of(alice, where)
    take(statements)
    assert (await alice.patch(where, json={}, headers={"If-Match": tag})).status_code == 200
    assert take(statements) == ["INSERT", "UPDATE"]


async def test_refused_input_asks_nothing_of_the_database(
    alice: httpx.AsyncClient, nobody: httpx.AsyncClient, statements: list[Statement]
) -> None:
    where = f"{TASKS}/{id_at(1)}"
    for request in (
        alice.post(TASKS, json={"title": ""}),
        alice.patch(where, json={"color": "red"}),
        alice.put(where, json={"title": "Water"}, headers={"If-Match": "malformed"}),
        alice.get(TASKS, params={"color": "red"}),
        nobody.get(TASKS),
    ):
        answer = await request
        assert answer.is_client_error
        assert take(statements) == [], answer.request


async def test_every_statement_is_about_one_person(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    task = await add(alice, id=id_at(1))
    for request in (
        alice.get(at(task)),
        alice.get(TASKS, params={"total": "true", "tag": "home", "q": "water"}),
        alice.patch(at(task), json={"due_on": "2026-05-01", "completed": True}),
        alice.patch(at(task), json={}, headers={"If-Match": '"r0.1", "r0.2"'}),
        alice.put(at(task), json={"title": "Water"}),
        alice.put(f"{TASKS}/{id_at(2)}", json={"title": "Water"}),
        alice.delete(at(task)),
        alice.delete(at(task)),
        alice.post(f"{at(task)}/restore"),
    ):
        await request
    assert len(statements) > 15
    for statement, parameters in statements:
        assert_about(statement, parameters, "alice")


def assert_about(statement: str, parameters: Any, user_id: str) -> None:
    """Each owned table that is read or changed is bound to this person, each row inserted is theirs."""
    named = [verb for verb, _ in NAMED.findall(statement)]
    assert named, statement
    bound = list(BOUND.finditer(statement))
    assert len(bound) >= len(named) - named.count("INTO"), statement
    places = [int(found[1]) - 1 if found[1] else statement[: found.start()].count("?") for found in bound]
    assert {parameters[place] for place in places} <= {user_id}
    if "INTO" in named:
        assert "user_id" in statement[: statement.index("VALUES")]
        assert user_id in parameters
