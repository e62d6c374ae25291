"""Move all data to another database: `python scripts/move_db.py SOURCE TARGET [--dry-run] [--json]`.

From SQLite to Postgres or back, or between two of a kind. The target is migrated and empty; the source stays
as it is. Exit 0: done. 1: it failed, and the target is empty unless it says otherwise. 2: it could not begin.
Stop the service first: what is written while this runs is not moved.
"""

import asyncio
import sys
from typing import Any

import _command
from app.core.config import PROJECT_ROOT
from app.core.db.copying.checking import Findings
from app.core.db.copying.moving import Receipt, UnfitError, move, rehearse
from app.core.db.url import DatabaseUrl, DatabaseUrlError, parse_database_url
from app.core.operating import FailedError, RefusedError
from app.models import metadata


def main(arguments: list[str] | None = None) -> int:
    """Print a receipt, or what is wrong with the source's rows."""
    parser = _command.command("Move all data to another database, SQLite or Postgres, losing nothing.")
    parser.add_argument("source", help="the URL to move from, in any form that DATABASE_URL takes")
    parser.add_argument("target", help="the URL to move to: migrated, and empty")
    parser.add_argument("--dry-run", action="store_true", help="only check whether every row could be moved")
    parser.add_argument("--compare", action="store_true", help="time a bare load of the same rows, too")
    given = parser.parse_args(arguments)

    async def work() -> _command.Told:
        source, target = _url("source", given.source), _url("target", given.target)
        try:
            if given.dry_run:
                return _of_rehearsal(await rehearse(source, target, metadata, _command.progress))
            receipt = await move(source, target, metadata, _command.progress, compare=given.compare)
            return _of_receipt(receipt, source, target)
        except asyncio.CancelledError:
            raise FailedError("interrupted. Run it again: it tells if all was moved already") from None
        except UnfitError as error:
            return _command.Told(_fields(error.findings), _lines(error.findings), f"failed: {error}")

    return _command.run(work, as_json=given.json)


def _url(which: str, text: str) -> DatabaseUrl:
    try:
        return parse_database_url(text, root=PROJECT_ROOT)
    except DatabaseUrlError as error:
        raise RefusedError(f"The {which}'s URL {error}.") from None


def _of_receipt(receipt: Receipt, source: DatabaseUrl, target: DatabaseUrl) -> _command.Told:
    rate = round(receipt.rows / receipt.seconds)
    seen_at = receipt.seen_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    fields: dict[str, Any] = {
        "source": str(source),
        "target": str(target),
        "seen_at": seen_at,
        "tables": {name: {"rows": each.rows, "sha256": each.hex} for name, each in receipt.tables.items()},
        "rows": receipt.rows,
        "seconds": round(receipt.seconds, 3),
        "rows_per_second": rate,
    }
    lines = [
        f"Moved {source}",
        f"to {target}: every row was read back and is the same, to the byte.",
        *(f"{name:<17}{each.rows:>10} rows  sha256 {each.hex}" for name, each in receipt.tables.items()),
        f"{receipt.rows} rows in {receipt.seconds:.1f} s: {rate} a second.",
    ]
    if receipt.bare_seconds is not None:
        fields["bare_seconds"] = round(receipt.bare_seconds, 3)
        lines.append(_compared(receipt, receipt.bare_seconds, target))
    lines.append(f"What was written to the source after {seen_at} is not in it.")
    return _command.Told(fields, lines)


def _compared(receipt: Receipt, seconds: float, target: DatabaseUrl) -> str:
    what = "COPY" if target.dialect == "postgresql" else "executemany"
    rate, times = round(receipt.rows / seconds), receipt.seconds / seconds
    return f"A bare {what} of them: {seconds:.1f} s, {rate} a second. This took {times:.1f} times that."


def _of_rehearsal(findings: Findings) -> _command.Told:
    if findings.count:
        return _command.Told(
            _fields(findings), _lines(findings), f"failed: {findings.count} rows could not be moved"
        )
    total = sum(findings.rows.values())
    return _command.Told(_fields(findings), [f"All of {total} rows could be moved. Nothing was changed."])


def _fields(findings: Findings) -> dict[str, Any]:
    reasons = sorted(findings.reasons.items())
    return {
        "rows": findings.rows,
        "unfit": findings.count,
        "reasons": [{"table": table, "reason": what, "rows": rows} for (table, what), rows in reasons],
        "shown": [{"row": name, "reasons": reasons} for name, reasons in findings.shown],
    }


def _lines(findings: Findings) -> list[str]:
    lines = [f"{name}: {'; '.join(reasons)}" for name, reasons in findings.shown]
    if more := findings.count - len(findings.shown):
        lines.append(f"and {more} more. In all:")
        lines += [f"{rows} of {table}: {what}" for (table, what), rows in sorted(findings.reasons.items())]
    return lines


if __name__ == "__main__":
    sys.exit(main())
