"""litestar-orm: Litestar, an async session, and model instances returned as they are."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Litestar, Request, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotAuthorizedException, NotFoundException
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

import _path  # noqa: F401 (makes `app` importable)
from app.models.task import Task
from bench.contenders.drivers import PRAGMAS
from bench.contenders.instances import (
    POOL,
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

Session = NamedDependency[AsyncSession]
UserId = NamedDependency[str]


@get("/health", dependencies={})
async def health() -> dict[str, str]:
    """Whether it runs."""
    return {"status": "healthy"}


@get("/api/v1/tasks")
async def list_tasks(
    session: Session, user_id: UserId, skip: FromQuery[int] = 0, limit: FromQuery[int] = 50
) -> dict[str, list[Task]]:
    """A page of tasks."""
    return {"items": list(await session.exec(page_of(user_id, skip, limit)))}


@get("/api/v1/tasks/{task_id:uuid}")
async def get_task(session: Session, user_id: UserId, task_id: FromPath[UUID]) -> Task:
    """One task."""
    return await _live(session, user_id, task_id)


@post("/api/v1/tasks")
async def create_task(session: Session, user_id: UserId, data: JSONBody[TaskCreate]) -> Task:
    """A new task."""
    task = new_task(data, user_id)
    session.add(task)
    await session.commit()
    return task


@patch("/api/v1/tasks/{task_id:uuid}")
async def patch_task(
    session: Session, user_id: UserId, task_id: FromPath[UUID], data: JSONBody[TaskUpdate]
) -> Task:
    """Some fields of a task."""
    task = await _live(session, user_id, task_id)
    task.sqlmodel_update(data.model_dump(exclude_unset=True))
    session.add(task)
    await session.commit()
    return task


@get("/api/v1/changes")
async def list_changes(
    session: Session, user_id: UserId, since: FromQuery[str], limit: FromQuery[int]
) -> dict[str, list[dict[str, str | Task]]]:
    """Tasks that changed."""
    tasks = await session.exec(changed_after(user_id, since, limit))
    return {"items": [{"type": "tasks", "row": task} for task in tasks]}


@get("/api/v1/reports/time")
async def get_report(
    session: Session,
    user_id: UserId,
    first: Annotated[date, QueryParameter(name="from")],
    to: FromQuery[date],
) -> dict[str, Any]:
    """Time by days."""
    return day_sums(await session.exec(entries_between(user_id, first, to)))


@post("/api/v1/batch", status_code=200)
async def create_tasks(
    session: Session, user_id: UserId, data: JSONBody[Batch]
) -> dict[str, list[dict[str, int | Task]]]:
    """Many new tasks in one transaction."""
    tasks = [new_task(each.body, user_id) for each in data.operations]
    session.add_all(tasks)
    await session.commit()
    return {"results": [{"status": 201, "row": task} for task in tasks]}


async def _live(session: AsyncSession, user_id: str, id_: UUID) -> Task:
    task = await session.get(Task, key_of(user_id, id_))
    if not task or task.deleted_at:
        raise NotFoundException
    return task


def open_engine(url: str) -> AsyncEngine:
    """The engine: asyncpg, or aiosqlite with the settings that Daybook gives it."""
    if not url.startswith("sqlite"):
        return create_async_engine(f"postgresql+asyncpg://{url.split('://')[1]}", **POOL)
    path = url.split("://")[1]
    engine = create_async_engine(f"sqlite+aiosqlite://{path}", connect_args={"timeout": WAIT_SECONDS}, **POOL)
    event.listen(engine.sync_engine, "connect", _set)
    return engine


def _set(made: Any, _: Any) -> None:
    for pragma in PRAGMAS[1:]:
        made.execute(pragma)


def create_app(told: Given) -> Litestar:
    """The app."""
    engine = open_engine(told.url)

    async def provide_session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine, expire_on_commit=False) as session:
            yield session

    def provide_user_id(request: Request[Any, Any, Any]) -> str:
        try:
            return check(told.rules, request.headers.get("authorization", "")[7:])[0]
        except RefusedError:
            raise NotAuthorizedException from None

    handlers = [list_tasks, get_task, create_task, patch_task, list_changes, get_report, create_tasks]
    return Litestar(
        [health, *handlers],
        dependencies={
            "session": Provide(provide_session),
            "user_id": Provide(provide_user_id, sync_to_thread=False),
        },
        openapi_config=None,
        logging_config=None,
    )


if __name__ == "__main__":
    given_ = given()
    serve(create_app(given_), given_.port)
