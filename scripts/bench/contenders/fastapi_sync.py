"""fastapi: as its full-stack template does it. Sync sessions, model instances, response models, PyJWT.

What the template does beside, and is left out in its favour: reading the user on every request, and
counting the list. It keeps no number per person, so it has nothing to answer 304 with.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import Engine, create_engine, event
from sqlmodel import Session, SQLModel

import _path  # noqa: F401 (makes `app` importable)
from app.models.task import Task
from bench.contenders.drivers import PRAGMAS
from bench.contenders.instances import (
    WAIT_SECONDS,
    Batch,
    TaskCreate,
    TaskUpdate,
    changed_after,
    day_sums,
    entries_between,
    key_of,
    new_task,
    page_of,
)
from bench.contenders.serving import Given, given, serve
from bench.contenders.tokens import RefusedError, check

POOL: Final[dict[str, Any]] = {"pool_size": 40, "max_overflow": 0}
"""A connection for each of its threads. With fewer than threads it locks itself up under 64 at once: who has
a connection waits for a thread to write the answer in, and all threads wait for a connection."""

app = FastAPI()


class TaskPublic(TaskCreate):
    """A task as it is answered."""

    id: UUID
    seq: int
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class TasksPublic(SQLModel):
    """A page of tasks."""

    items: list[TaskPublic]


class ChangePublic(SQLModel):
    """A task that changed."""

    type: str
    row: TaskPublic


class ChangesPublic(SQLModel):
    """Tasks that changed."""

    items: list[ChangePublic]


class DayPublic(SQLModel):
    """A day's time."""

    day: date
    seconds: int
    entries: int


class ReportPublic(SQLModel):
    """Time by days."""

    rows: list[DayPublic]
    total_seconds: int
    entries: int


class Result(SQLModel):
    """A task that was created."""

    status: int
    row: TaskPublic


class Results(SQLModel):
    """Tasks that were created."""

    results: list[Result]


class Opened:
    """What the template has as globals of its modules."""

    engine: Engine
    given: Given


def get_db() -> Iterator[Session]:
    """The session of a request."""
    with Session(Opened.engine) as session:
        yield session


def get_current_user(token: Annotated[str, Depends(OAuth2PasswordBearer("/token"))]) -> str:
    """The `sub` of the token, verified each time."""
    try:
        return check(Opened.given.rules, token)[0]
    except RefusedError:
        raise HTTPException(401) from None


SessionDep = Annotated[Session, Depends(get_db)]
UserDep = Annotated[str, Depends(get_current_user)]
Skip = Annotated[int, Query(ge=0)]


@app.get("/health")
def health() -> dict[str, str]:
    """Whether it runs."""
    return {"status": "healthy"}


@app.get("/api/v1/tasks", response_model=TasksPublic)
def read_tasks(session: SessionDep, user_id: UserDep, skip: Skip = 0, limit: int = 50) -> Any:
    """A page of tasks."""
    return {"items": session.exec(page_of(user_id, skip, limit)).all()}


@app.get("/api/v1/tasks/{id_}", response_model=TaskPublic)
def read_task(session: SessionDep, user_id: UserDep, id_: UUID) -> Any:
    """One task."""
    return _live(session, user_id, id_)


@app.post("/api/v1/tasks", response_model=TaskPublic, status_code=201)
def create_task(session: SessionDep, user_id: UserDep, body: TaskCreate) -> Any:
    """A new task."""
    return _saved(session, new_task(body, user_id))


@app.patch("/api/v1/tasks/{id_}", response_model=TaskPublic)
def update_task(session: SessionDep, user_id: UserDep, id_: UUID, body: TaskUpdate) -> Any:
    """Some fields of a task."""
    task = _live(session, user_id, id_)
    task.sqlmodel_update(body.model_dump(exclude_unset=True))
    return _saved(session, task)


@app.get("/api/v1/changes", response_model=ChangesPublic)
def read_changes(session: SessionDep, user_id: UserDep, since: str, limit: int) -> Any:
    """Tasks that changed."""
    tasks = session.exec(changed_after(user_id, since, limit)).all()
    return {"items": [{"type": "tasks", "row": task} for task in tasks]}


@app.get("/api/v1/reports/time", response_model=ReportPublic)
def read_report(
    session: SessionDep, user_id: UserDep, first: Annotated[date, Query(alias="from")], to: date
) -> Any:
    """Time by days."""
    return day_sums(session.exec(entries_between(user_id, first, to)))


@app.post("/api/v1/batch", response_model=Results)
def create_tasks(session: SessionDep, user_id: UserDep, batch: Batch) -> Any:
    """Many new tasks in one transaction."""
    tasks = [new_task(each.body, user_id) for each in batch.operations]
    session.add_all(tasks)
    session.commit()
    for task in tasks:
        session.refresh(task)
    return {"results": [{"status": 201, "row": task} for task in tasks]}


def _live(session: Session, user_id: str, id_: UUID) -> Task:
    task = session.get(Task, key_of(user_id, id_))
    if not task or task.deleted_at:
        raise HTTPException(404)
    return task


def _saved(session: Session, task: Task) -> Task:
    session.add(task)
    session.commit()
    session.refresh(task)
    return task


def open_engine(url: str) -> Engine:
    """The engine: psycopg, or sqlite3 with the settings that Daybook gives it."""
    if not url.startswith("sqlite"):
        return create_engine(f"postgresql+psycopg://{url.split('://')[1]}", **POOL)
    arguments = {"check_same_thread": False, "timeout": WAIT_SECONDS}
    engine = create_engine(url, connect_args=arguments, **POOL)
    event.listen(engine, "connect", lambda made, _: [made.execute(pragma) for pragma in PRAGMAS[1:]])
    return engine


if __name__ == "__main__":
    Opened.given = given()
    Opened.engine = open_engine(Opened.given.url)
    serve(app, Opened.given.port)
