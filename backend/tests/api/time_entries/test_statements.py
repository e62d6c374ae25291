"""What a request about entries or the timer asks of the database: how much, and about whom."""

import httpx

from app.core.ids import new_id
from tests.api.tasks.calls import tag_of
from tests.api.tasks.test_statements import assert_about, take
from tests.api.time_entries.calls import CURRENT, ENTRIES, START, STOP, add, at, between, make, prefer, start
from tests.service import Statement

NINE = between("09:00", "10:00")
TEN = between("10:00", "11:00")
NUMBER, LOOK = "INSERT", "SELECT"


async def test_an_entry_is_the_number_what_rules_read_and_the_change(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    task = await make(alice, "tasks", title="Login")
    entry = await add(alice)
    take(statements)
    reject = {"overlap": "reject"}
    for request, ran in (
        (alice.post(ENTRIES, json=NINE), [NUMBER, LOOK, "INSERT"]),
        (alice.post(ENTRIES, json=NINE | {"task_id": task}), [NUMBER, LOOK, "INSERT"]),
        (alice.post(ENTRIES, json=TEN, params=reject), [NUMBER, LOOK, LOOK, "INSERT"]),
        (alice.patch(at(entry), json={"description": "Roses"}), [NUMBER, LOOK, "UPDATE"]),
        (alice.patch(at(entry), json={"description": "Red"}, params=reject), [NUMBER, LOOK, "UPDATE"]),
        (alice.patch(at(entry), json={"task_id": task}), [NUMBER, LOOK, LOOK, "UPDATE"]),
        (alice.patch(at(entry), json=NINE), [NUMBER, LOOK, "UPDATE"]),
        (alice.patch(at(entry), json=TEN), [NUMBER, LOOK, LOOK, "UPDATE"]),
        (alice.put(at(entry), json=NINE), [NUMBER, LOOK, LOOK, "UPDATE"]),
        (alice.delete(at(entry)), [NUMBER, LOOK, "UPDATE"]),
        (alice.post(f"{at(entry)}/restore"), [NUMBER, LOOK, LOOK, "UPDATE"]),
        (alice.put(f"{ENTRIES}/{new_id()}", json=NINE), [NUMBER, LOOK, LOOK, "INSERT"]),
    ):
        answer = await request
        assert answer.is_success, answer.text
        assert take(statements) == ran, answer.request


async def test_the_timer_reads_what_runs_once(alice: httpx.AsyncClient, statements: list[Statement]) -> None:
    begin, end = [LOOK, LOOK, "INSERT"], [LOOK, "UPDATE"]
    entry = await add(alice)
    take(statements)
    for request, ran in (
        (alice.post(START), [NUMBER, *begin]),
        (alice.post(START), [NUMBER, *end, NUMBER, LOOK, "INSERT"]),
        (alice.post(f"{at(entry)}/restart"), [NUMBER, LOOK, *end, NUMBER, LOOK, "INSERT"]),
        (alice.get(CURRENT), [LOOK]),
        (alice.post(STOP), [NUMBER, *end]),
        (alice.get(CURRENT), [LOOK]),
    ):
        answer = await request
        assert answer.is_success, answer.text
        assert take(statements) == ran, answer.request
    await start(alice)
    match = {"If-Match": await tag_of(alice, CURRENT)}
    take(statements)
    assert (await alice.post(STOP, headers=match)).is_success
    assert take(statements) == [NUMBER, *end]


async def test_a_page_is_one_statement_with_names_too(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    task = await make(alice, "tasks", title="Login")
    for _ in range(3):
        await add(alice, task_id=task)
    take(statements)
    query = {"include": "names", "total": "true", "running": "false", "task_id": task, "sort": "-day"}
    answer = await alice.get(ENTRIES, params=query)
    assert answer.json()["total"] == 3
    copy = {"If-None-Match": answer.headers["etag"]}
    assert (await alice.get(ENTRIES, params=query, headers=copy)).status_code == 304
    assert take(statements) == [LOOK, LOOK]


async def test_refused_input_asks_nothing_of_the_database(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    for request in (
        alice.post(ENTRIES, json={"duration_seconds": -1}),
        alice.post(ENTRIES, json=NINE, params={"overlap": "never"}),
        alice.post(START, json={"started_at": "2026-05-01T09:00:00Z"}),
        alice.post(START, params={"on_conflict": "wait"}),
        alice.get(ENTRIES, params={"time_from": "1777626000"}),
    ):
        assert (await request).status_code == 422
        assert take(statements) == []


async def test_every_statement_is_about_one_person(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    task = await make(alice, "tasks", title="Login")
    code = await make(alice, "time-codes", code="ACME", name="Acme")
    await prefer(alice, "overlap", "reject")
    entry = await add(alice, task_id=task)
    for request in (
        alice.post(ENTRIES, json=NINE),
        alice.patch(at(entry), json=TEN | {"time_code_id": code, "task_id": None}),
        alice.post(START),
        alice.post(START, json={"task_id": task}),
        alice.post(START, params={"on_conflict": "reject"}),
        alice.post(f"{at(entry)}/restart"),
        alice.get(CURRENT),
        alice.post(STOP),
        alice.delete(at(entry)),
        alice.post(f"{at(entry)}/restore"),
        alice.get(ENTRIES, params={"include": "names", "running": "true", "total": "true"}),
        alice.get(ENTRIES, params={"include": "names", "task_id": task, "time_from": "2026-05-01T09:00:00Z"}),
        alice.get(ENTRIES, params={"work_type_id": "none", "tag": "home", "q": "a", "sort": "-started_at"}),
    ):
        await request
    assert len(statements) > 40
    for statement, parameters in statements:
        assert_about(statement, parameters, "alice")
