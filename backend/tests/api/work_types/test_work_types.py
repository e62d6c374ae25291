"""Work types: what kinds of work a person tells apart."""

import httpx

from tests.api.tasks.calls import fields_of

WORK_TYPES = "/api/v1/work-types"
REVIEW = {"code": "REVIEW", "name": "Review"}


async def test_what_is_absent_gets_its_default(alice: httpx.AsyncClient) -> None:
    kind = (await alice.post(WORK_TYPES, json=REVIEW)).json()
    assert kind == kind | REVIEW | {"description": None, "active": True}


async def test_words_to_match_are_for_time_codes_alone(alice: httpx.AsyncClient) -> None:
    answer = await alice.post(WORK_TYPES, json=REVIEW | {"keywords": ["pull request"]})
    assert (answer.status_code, fields_of(answer)) == (422, [("/keywords", "unknown_field")])
