"""A task is due on a day, or at an instant, or never: not both, whichever way it is asked."""

import httpx
import pytest

from tests.api.tasks.calls import TASKS, add, at, fields_of

DAY = {"due_on": "2026-05-01"}
INSTANT = {"due_at": "2026-05-01T12:00:00Z"}
BOTH = DAY | INSTANT


async def test_neither_create_nor_put_nor_patch_takes_both(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    for answer in (
        await alice.post(TASKS, json={"title": "Water"} | BOTH),
        await alice.put(at(task), json={"title": "Water"} | BOTH),
        await alice.patch(at(task), json=BOTH),
    ):
        assert (answer.status_code, fields_of(answer)) == (422, [("/due_at", "invalid")])
    assert (await alice.get(at(task))).json() == task


@pytest.mark.parametrize(("stands", "sent"), [(DAY, INSTANT), (INSTANT, DAY)])
async def test_a_patch_that_would_make_it_both_is_told_what_to_clear(
    alice: httpx.AsyncClient, stands: dict[str, str], sent: dict[str, str]
) -> None:
    task = await add(alice, **stands)
    answer = await alice.patch(at(task), json=sent)
    [new], [old] = sent, stands
    assert (answer.status_code, fields_of(answer)) == (422, [(f"/{new}", "exclusive")])
    assert f"`{old}: null`" in answer.json()["errors"][0]["message"]
    assert (await alice.get(at(task))).json() == task
    assert (await add(alice))["seq"] == 2


@pytest.mark.parametrize(("stands", "sent"), [(DAY, INSTANT), (INSTANT, DAY)])
async def test_a_patch_may_change_one_for_the_other(
    alice: httpx.AsyncClient, stands: dict[str, str], sent: dict[str, str]
) -> None:
    task = await add(alice, **stands)
    answer = await alice.patch(at(task), json=sent | dict.fromkeys(stands))
    assert answer.status_code == 200
    assert answer.json() == answer.json() | sent | dict.fromkeys(stands)


@pytest.mark.parametrize("stands", [DAY, INSTANT])
async def test_a_patch_may_move_what_is_due(alice: httpx.AsyncClient, stands: dict[str, str]) -> None:
    task = await add(alice, **stands)
    [(name, value)] = stands.items()
    moved = value.replace("2026", "2027")
    assert (await alice.patch(at(task), json={name: moved})).json()[name] == moved


async def test_put_may_change_one_for_the_other(alice: httpx.AsyncClient) -> None:
    task = await add(alice, **DAY)
    answer = await alice.put(at(task), json={"title": "Water"} | INSTANT)
    assert answer.json() == answer.json() | INSTANT | {"due_on": None}
