"""What a check found."""

import msgspec


class Check(msgspec.Struct, frozen=True):
    """One thing looked at: whether it is as it should be, what was seen, and how to mend it if not."""

    name: str
    ok: bool
    what: str
    mend: str | None = None

    def __str__(self) -> str:
        """The check as one line; broken rows can have names with characters that a terminal obeys."""
        line = f"{'ok' if self.ok else 'FAILED'} {self.name}: {self.what}"
        line = f"{line}. To mend: {self.mend}" if self.mend else line
        return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)


def passed(name: str, what: str) -> Check:
    """All is well."""
    return Check(name, ok=True, what=what)


def failed(name: str, what: str, mend: str) -> Check:
    """Something is not as it should be."""
    return Check(name, ok=False, what=what, mend=mend)
