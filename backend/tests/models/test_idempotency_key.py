"""What the table of kept answers refuses and takes, whatever code writes to it."""

from datetime import UTC, datetime
from typing import Any

from app.models.base import table_of
from app.models.idempotency_key import ANSWER_MAX, IDEMPOTENCY_KEY_MAX, IdempotencyKey
from tests.models.refusals import Row, connected, refusal, refusals

KEYS = table_of(IdempotencyKey)
NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)


def kept(**fields: Any) -> Row:
    given: Row = {"user_id": "alice", "key": "k", "fingerprint": "0" * 64, "status": 201}
    return given | {"headers": {}, "body": "", "created_at": NOW} | fields


CASES: dict[str, tuple[list[Row], str]] = {
    "no owner": ([kept(user_id="")], "user_id_length"),
    "no key": ([kept(key="")], "key_length"),
    "half a fingerprint": ([kept(fingerprint="0" * 32)], "fingerprint_length"),
    "a failure": ([kept(status=404)], "status_range"),
    "headers too long": ([kept(headers={"a": "x" * 4096})], "headers_length"),
    "an answer too long": ([kept(body="x" * (ANSWER_MAX + 1))], "body_length"),
    "the same key twice": ([kept(), kept(body="x")], "unique"),
    **{f"no {name} at all": ([kept() | {name: None}], "null") for name in ("user_id", "key", "body")},
    "the longest key": ([kept(key="x" * IDEMPOTENCY_KEY_MAX)], ""),
    "the longest answer": ([kept(body="é" * ANSWER_MAX)], ""),
    "one key of two people's": ([kept(), kept(user_id="bob")], ""),
    "keys that differ in case": ([kept(), kept(key="K")], ""),
}


async def test_it_takes_what_fits_and_refuses_the_rest(database_url: str) -> None:
    async with connected(database_url) as connection:
        found = await refusals(connection, KEYS, ((what, rows) for what, (rows, _) in CASES.items()))
    assert found == {what: expected for what, (_, expected) in CASES.items()}


async def test_a_key_too_long_is_refused_in_each_engines_way(database_url: str, engine_name: str) -> None:
    row = kept(key="x" * (IDEMPOTENCY_KEY_MAX + 1))
    async with connected(database_url) as connection:
        assert (
            await refusal(connection, KEYS, row)
            == {"sqlite": "key_length", "postgres": "too long"}[engine_name]
        )
