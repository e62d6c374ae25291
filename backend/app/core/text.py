"""Text as the app compares, searches and sorts it: the same on every engine."""

import unicodedata


def fold(text: str) -> str:
    """The key of a text: NFC, casefolded, NFC again (casefolding can undo the form).

    Written beside the text it stands for (`title_key` beside `title`), because the engines fold case
    and collate differently. At most three times as long as the text (Unicode, CaseFolding.txt).
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
