"""A sample task, which never stays."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, null, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.core.db.verify.report import Check, failed, passed

NEAR: Final = timedelta(minutes=1)
"""Any zone that was taken for another would be off by more."""


def sample_checks(task: type[Any], connection: Connection) -> Iterator[Check]:
    """Insert a task as the service does, look at what came of it, and try one that nobody owns."""
    owner = f"verify-{uuid4().hex}"
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        session.add(task(user_id=owner, seq=1, title="A sample"))
        session.flush()
        session.expire_all()
        found = session.scalars(select(task).where(task.user_id == owner)).all()
        yield _as_expected(found)
        yield _ownerless(connection, task, found[0]) if found else _nothing_to_copy()


def _as_expected(found: Any) -> Check:
    name, mend = "sample task", "see which column keeps another value than the models give it"
    if len(found) != 1:
        return failed(name, f"{len(found)} rows came back by user_id for the one inserted", mend)
    if not isinstance(found[0].id, UUID):
        return failed(name, f"the id came back as {type(found[0].id).__name__}, not as a UUID", mend)
    for column in ("created_at", "updated_at"):
        moment = getattr(found[0], column)
        if moment.utcoffset() != timedelta(0) or abs(datetime.now(UTC) - moment) > NEAR:
            return failed(name, f"{column} came back as {moment}, which is not now in UTC", mend)
    return passed(name, "it got a UUID and times in UTC, and came back by user_id")


def _ownerless(connection: Connection, task: type[Any], row: Any) -> Check:
    name = "task without user_id"
    table = task.__table__
    values = {column.name: getattr(row, column.name) for column in table.columns}
    values |= {"id": uuid4(), "user_id": null()}
    try:
        with connection.begin_nested():
            connection.execute(insert(table).values(values))
    except IntegrityError:
        return passed(name, "the database refuses it")
    return failed(name, "the database takes it", "make tasks.user_id NOT NULL again, as the migrations do")


def _nothing_to_copy() -> Check:
    return failed("task without user_id", "not tried: the sample did not come back", "mend the sample first")
