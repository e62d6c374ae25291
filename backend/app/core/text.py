"""Text as the app compares, searches and sorts it: the same on every engine."""

import unicodedata


def fold(text: str) -> str:
    """The key of a text: NFC, casefolded, NFC again (casefolding can undo the form).

    Written beside the text it stands for (`title_key` beside `title`), because the engines fold case
    and collate differently. At most three times as long as the text (Unicode, CaseFolding.txt).
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def pattern_containing(text: str) -> str:
    """The LIKE pattern (escape: backslash) of folded texts that contain this one, wildcards taken as text."""
    escaped = fold(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
