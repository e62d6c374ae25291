"""Statements on the driver's own connection: what SQLAlchemy works out at every call, worked out once.

A statement that was built once is compiled once for each dialect; a run of it binds its parameters, hands
them to the driver, and gives plain rows. The connection is SQLAlchemy's all the same: its pool lends it, its
transaction is the one that the statement runs in, its events hear of the statement before it runs, and its
errors are the ones raised.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast

from sqlalchemy import Connection, Dialect, Engine, PoolProxiedConnection, Select, TextClause
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import TextualSelect, TypedReturnsRows
from sqlalchemy.sql.visitors import iterate
from sqlalchemy.util import await_only
from sqlalchemy.util.concurrency import greenlet_spawn

Statement = TypedReturnsRows[*tuple[Any, ...]] | TextualSelect | UpdateBase | TextClause
RowMaker = Callable[[Sequence[Any]], Any]
STATEMENTS_MAX: Final = 4096


@dataclass(frozen=True)
class Direct:
    """A statement as the driver takes it.

    `slots` are its parameters in their order: name, constant, what makes it fit for the driver. `row` makes
    a row of the driver's. `only_reads` says that it may run without a transaction.
    """

    sql: str
    slots: tuple[tuple[str, Any, Any], ...]
    row: RowMaker
    only_reads: bool

    def bind(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The parameters as the driver takes them."""
        return tuple(
            [
                process(values.get(name, constant)) if process else values.get(name, constant)
                for name, constant, process in self.slots
            ]
        )


@lru_cache(maxsize=STATEMENTS_MAX)
def direct_of(statement: Statement, dialect: Dialect) -> Direct | None:
    """The statement as the driver takes it, or None where its text or its values change from run to run."""
    compiled = statement.compile(dialect=dialect)
    if _changes(compiled):
        return None
    constants, processes = compiled.params, compiled._bind_processors
    return Direct(
        sql=str(compiled),
        slots=tuple((name, constants[name], processes.get(name)) for name in compiled.positiontup or ()),
        row=_row_of(compiled, dialect),
        only_reads=isinstance(statement, Select)
        and not any(isinstance(part, UpdateBase) for part in iterate(statement)),
    )


async def run_direct(connection: Connection, direct: Direct, values: Mapping[str, Any]) -> list[Any]:
    """The rows that the statement gives, run with these values.

    Raises what SQLAlchemy raises for the driver's errors.
    """
    sql, parameters = direct.sql, direct.bind(values)
    if connection.dispatch.before_cursor_execute or connection._echo:
        parameters = await greenlet_spawn(_tell, connection, sql, parameters)
    try:
        adapted: Any = connection.connection.dbapi_connection
        if connection.in_transaction() and getattr(adapted, "_transaction", adapted) is None:
            await adapted._start_transaction()
        rows = await adapted.driver_connection.fetch(sql, *parameters)
    except BaseException as error:
        await greenlet_spawn(_raise, connection, error, sql, parameters)
        raise
    return list(map(direct.row, rows))


async def read_direct(engine: Engine, direct: Direct, values: Mapping[str, Any]) -> list[Any]:
    """As `run_direct`, for what only reads: on a connection that the pool lends for no longer than that."""
    if engine.dispatch.before_cursor_execute or engine._should_log_info():
        rows: list[Any] = await greenlet_spawn(_read_told, engine, direct, values)
        return rows
    return list(map(direct.row, await greenlet_spawn(_read, engine, direct.sql, direct.bind(values))))


def _read_told(engine: Engine, direct: Direct, values: Mapping[str, Any]) -> list[Any]:
    with engine.connect() as connection:
        return await_only(run_direct(connection, direct, values))


def _read(engine: Engine, sql: str, parameters: tuple[Any, ...]) -> list[Any]:
    """The driver's rows. What the pool lends is enough; only an error wants a `Connection` around it."""
    lent: Any = _borrow(engine)
    try:
        rows: list[Any] = await_only(lent.driver_connection.fetch(sql, *parameters))
    except BaseException as error:
        with Connection(engine, lent) as connection:
            _raise(connection, error, sql, parameters)
        raise
    lent._close_special(transaction_reset=True)  # nothing was begun
    return rows


def _borrow(engine: Engine) -> PoolProxiedConnection:
    """A connection of the pool's. Raises what `Engine.connect` raises."""
    try:
        return engine.raw_connection()
    except engine.dialect.loaded_dbapi.Error as error:
        Connection._handle_dbapi_exception_noconnection(error, engine.dialect, engine)
        raise


def _changes(compiled: SQLCompiler) -> bool:
    """Whether SQLAlchemy has to complete the statement at every run: lists of values, defaults of columns."""
    return bool(
        compiled.post_compile_params
        or compiled.literal_execute_params
        or compiled.insert_prefetch
        or compiled.update_prefetch
    )


def _row_of(compiled: SQLCompiler, dialect: Dialect) -> RowMaker:
    """Makes a tuple with names of a row of the driver's, of the types that the columns have."""
    columns = compiled._result_columns
    if not columns:
        return tuple
    names = [str(column.keyname) for column in columns]
    row_type: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc] # the names are known here only
    processes = [column.type._cached_result_processor(dialect, None) for column in columns]
    if not any(processes):
        return cast(RowMaker, row_type._make)
    return lambda row: row_type._make(
        process(value) if process else value for process, value in zip(processes, row, strict=True)
    )


def _tell(connection: Connection, sql: str, parameters: tuple[Any, ...]) -> tuple[Any, ...]:
    """Tells those who listen, as SQLAlchemy would; they may change the parameters, or refuse it."""
    for listener in connection.dispatch.before_cursor_execute:
        _, parameters = listener(connection, None, sql, parameters, None, False)
    if connection._echo:
        connection._log_info(sql)
    return parameters


def _raise(connection: Connection, error: BaseException, sql: str, parameters: tuple[Any, ...]) -> None:
    """Has SQLAlchemy deal with the driver's error: a connection that is lost or in doubt is thrown away."""
    try:
        _raise_translated(connection, error)
    except BaseException as known:
        connection._handle_dbapi_exception(known, sql, parameters, None, None)


def _raise_translated(connection: Connection, error: BaseException) -> None:
    if isinstance(error, Exception):
        adapted: Any = connection.connection.dbapi_connection
        adapted._handle_exception(error)
    raise error
