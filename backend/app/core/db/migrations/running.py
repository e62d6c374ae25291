"""Running the revisions that a command asks for: told first is what is in their way."""

from collections.abc import Callable

from alembic.runtime.migration import MigrationContext, RevisionStep
from sqlalchemy import Connection

from app.core.db.errors import reason_of
from app.core.db.migrations.preflight import Obstacle, obstacles


class ObstructedError(Exception):
    """Rows are in the way of pending revisions; nothing was changed. One line, which names some of them."""

    def __init__(self, found: list[Obstacle]) -> None:
        super().__init__(f"Rows are in the way, and nothing was changed: {'; '.join(map(str, found))}")


class RevisionFailedError(Exception):
    """A revision failed, and all of the run was undone: one line, which names it and says why."""


def run_revisions(context: MigrationContext, connection: Connection, run: Callable[[], None]) -> None:
    """Have `run` do what the command asks for, within the transaction that is there.

    Raises ObstructedError before the first revision, and RevisionFailedError with the first that fails.
    """
    planned = _planned(context)
    found = obstacles(connection, (step.revision for step in planned if step.is_upgrade))
    if found:
        raise ObstructedError(found)
    done = []
    context.on_version_apply_callbacks += (lambda **_: done.append(True),)
    try:
        run()
    except Exception as error:
        if not planned:
            raise
        raise RevisionFailedError(_sentence(planned[len(done)], error)) from error


def _planned(context: MigrationContext) -> list[RevisionStep]:
    """The revisions to go through, in order; none where the command only stamps."""
    plan = context.opts["fn"](context.get_current_heads(), context)
    return [step for step in plan if isinstance(step, RevisionStep)]


def _sentence(step: RevisionStep, error: Exception) -> str:
    way = "upgrade to" if step.is_upgrade else "downgrade from"
    revision = step.revision
    return (
        f"The {way} {revision.revision} ({revision.doc}) fails, and nothing was changed: {reason_of(error)}"
    )
