"""How a batch is read, and how it is done: in order, under one turn."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

from msgspec import UNSET, Raw, UnsetType, json, structs

from app.api.batch.schemas import OPERATIONS_MAX, BatchOp, Operation, Result, Results
from app.core.db.errors import problem_of
from app.core.errors import Fault, InvalidError, MalformedError, ProblemError, UnavailableError
from app.core.http.bodies import decode_body
from app.core.http.etags import Version, parse_tags, row_tag, versions_of
from app.core.rows import writes
from app.core.rows.many import create_many, may_be_many
from app.core.rows.resources import Resource, Row
from app.core.rows.turns import Turn, following, give_back_from
from app.models.idempotency_key import ANSWER_MAX

Resources = Mapping[str, Resource[Any]]

BODIES: Final[Mapping[BatchOp, str]] = {"create": "new", "put": "put", "patch": "patch"}
"""What a resource calls the body of an operation; the others have none."""

ROWS_MAX: Final = ANSWER_MAX - OPERATIONS_MAX * 256
"""Characters of all rows of an answer: what else stands in it is far less."""


@dataclass(frozen=True)
class Step:
    """One operation, read: what it does to which row. A row that is created may have no key yet."""

    op: BatchOp
    resource: Resource[Any]
    key: Any
    values: Mapping[str, object]
    if_match: list[Version] | None


def steps_of(operations: Sequence[Operation], resources: Resources) -> list[Step]:
    """The operations, read without a look at the database.

    Raises what the request of its own would have been refused with, for the first that can't be read.
    """
    steps = []
    for place, operation in enumerate(operations):
        resource = _resource_of(place, operation, resources)
        _refuse_unfit(place, operation, resource)
        if_match = _versions_of(place, operation)
        with _named(place, operation.op):
            key, values = _columns_of(operation, resource)
        steps.append(Step(operation.op, resource, key, values, if_match))
    return steps


async def run(turn: Turn, steps: Sequence[Step]) -> Results:
    """Does the steps in order, each with the next number, and gives back the numbers that are left over.

    Raises what the request of its own would have been refused with, for the first that is refused.
    """
    first, last, size = turn.seq, turn.seq + len(steps) - 1, 0
    results = []
    made: dict[int, Row[Any]] = {}
    tried = 0
    for place, step in enumerate(steps):
        if place >= tried and len(alike := _alike(steps[place:])) > 1:
            rows = await create_many(turn, step.resource, alike)
            made, tried = dict(enumerate(rows, place)), place + len(alike)
        with _named(place, step.op, first):
            status, row = (201, made[place]) if place in made else await _do(turn, step)
        size += len(row.body) if row else 0
        if size > ROWS_MAX:
            raise _unfit(place, "", "Expected less to answer: send fewer operations at once", "too_much")
        results.append(_result(status, row))
        turn = following(turn)
    await give_back_from(turn, last)
    return Results(results)


def _resource_of(place: int, operation: Operation, resources: Resources) -> Resource[Any]:
    if resource := resources.get(operation.type):
        return resource
    raise _unfit(place, "/type", f"Expected one of {', '.join(resources)}")


def _refuse_unfit(place: int, operation: Operation, resource: Resource[Any]) -> None:
    """Raises InvalidError where a part of the operation is missing or out of place."""
    op, body = operation.op, BODIES.get(operation.op)
    if body and getattr(resource, body) is None:
        raise _unfit(place, "/op", f"There is no {op} of a {resource.name}")
    needed = {"body"} if body else set()
    needed |= set() if op == "create" else {resource.key}
    given = {name for name in ("id", "key", "body", "if_match") if getattr(operation, name) is not UNSET}
    for name in sorted(needed - given):
        raise _unfit(place, f"/{name}", "This field is required", "required")
    for name in sorted(given - needed - (set() if op == "create" else {"if_match"})):
        raise _unfit(place, f"/{name}", f"Expected none with the {op} of a {resource.name}")


def _versions_of(place: int, operation: Operation) -> list[Version] | None:
    if isinstance(operation.if_match, UnsetType):
        return None
    tags = [operation.if_match] if isinstance(operation.if_match, str) else operation.if_match
    try:
        return versions_of(parse_tags(", ".join(tags), "If-Match") or [])
    except MalformedError as error:
        raise _unfit(place, "/if_match", 'Expected row tags such as "r0123456789ab.7", or *') from error


def _columns_of(operation: Operation, resource: Resource[Any]) -> tuple[Any, Mapping[str, object]]:
    """The row's key, where there is one yet, and the columns that the body sets."""
    key: Any = getattr(operation, resource.key)
    if not isinstance(operation.body, Raw):
        return key, {}
    body = decode_body(bytes(operation.body), getattr(resource, BODIES[operation.op]))
    values = resource.changes(body, key)
    return (getattr(body, "id", UNSET) or None) if operation.op == "create" else key, values


def _alike(steps: Sequence[Step]) -> list[Mapping[str, object]]:
    """The values of the first steps, as far as each makes a row like the first does."""
    like = steps[0]
    same = takewhile(
        lambda step: (
            step.op == "create"
            and step.key is None
            and step.resource is like.resource
            and step.values.keys() == like.values.keys()
        ),
        steps,
    )
    return [step.values for step in same] if may_be_many(like.resource) else []


async def _do(turn: Turn, step: Step) -> tuple[int, Row[Any] | None]:
    """The status that the request of its own would have got, and the row."""
    match step.op:
        case "create":
            return 201, await writes.create(turn, step.resource, step.values, step.key)
        case "put":
            row, is_new = await writes.replace(turn, step.resource, step.key, step.values, step.if_match)
            return 201 if is_new else 200, row
        case "patch":
            return 200, await writes.patch(turn, step.resource, step.key, step.values, step.if_match)
        case "restore":
            return 200, await writes.restore(turn, step.resource, step.key, step.if_match)
        case "delete":
            await writes.trash(turn, step.resource, step.key, step.if_match)
            return 204, None


def _result(status: int, row: Row[Any] | None) -> Result:
    if row is None:
        return Result(status)
    return Result(status, row_tag(row.epoch, row.seq), Raw(row.body.encode()))


def _unfit(place: int, pointer: str, message: str, code: str = "invalid") -> InvalidError:
    fault = Fault(f"/operations/{place}{pointer}", code, message)
    return InvalidError("The batch has an invalid operation.", errors=(fault,))


@contextmanager
def _named(place: int, op: BatchOp, first: int | None = None) -> Iterator[None]:
    """Has the problem of an operation say which it is; `first` is the first number of the batch.

    What may pass is no problem of this operation's, and is left as it is.
    """
    try:
        yield
    except Exception as error:
        problem = error if isinstance(error, ProblemError) else problem_of(error)
        if problem is None or isinstance(problem, UnavailableError):
            raise
        problem.errors = _pointed(problem, place, op)
        if first is not None:
            _forget_undone(problem, first)
        if problem is error:
            raise
        raise problem from error


def _pointed(problem: ProblemError, place: int, op: BatchOp) -> tuple[Fault, ...]:
    """The problem's faults, from the batch's root; where there is none, the operation itself."""
    root = f"/operations/{place}"
    beside = () if op == "create" else ("/id", "/key")
    faults = (
        structs.replace(fault, pointer=root + ("" if fault.pointer in beside else "/body") + fault.pointer)
        for fault in problem.errors
    )
    return tuple(faults) or (Fault(root, problem.code, problem.detail),)


def _forget_undone(problem: ProblemError, first: int) -> None:
    """Takes away a row as the batch itself has made it: it is rolled back, and another may get its tag."""
    if problem.current is not None and json.decode(problem.current)["seq"] >= first:
        problem.current = None
        problem.headers.pop("ETag", None)
