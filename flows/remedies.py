"""What the machine does to a night, and what to do about it: a full disk, no right to write, a damaged file."""

from __future__ import annotations

from flows.errors import ExitCode, MarktechoError

REMEDIES = {
    "The disk is full: make room, or raise the quota, and run the same command again; it goes on where it stopped.": (
        "No space left on device",
        "File too large",
        "Disk quota exceeded",
        "database or disk is full",
        "failed to offload data block",
    ),
    "Marktecho may not write there: give the folder to the user who runs it, or mount it writable.": (
        "Read-only file system",
        "Permission denied",
        "Operation not permitted",
        "readonly database",
    ),
    "A file is damaged: `marktecho doctor --repair` mends what it can and says what a backup has to bring back.": (
        "Corrupt database file",
        "not a valid DuckDB database file",
        "Could not read enough bytes",
        "Failure while replaying WAL",
        "database disk image is malformed",
        "file is not a database",
    ),
}


def remedy(error: BaseException) -> str | None:
    """What to do about an error that the machine is to blame for; None for any other.

    The error may lie beneath others: those of dlt and dbt hold it as their cause or in their words.
    """
    for one in _chain(error):
        words = str(one)
        for advice, signs in REMEDIES.items():
            if any(sign in words for sign in signs):
                return advice
    return None


def in_words(error: Exception) -> str | None:
    """An error as a message for the user: what happened and what to do; None for one that is a bug."""
    if isinstance(error, MarktechoError) and error.exit_code is not ExitCode.FAILED:
        return str(error)
    advice = remedy(error)
    if isinstance(error, MarktechoError):
        return f"{error} {advice}" if advice else str(error)
    if advice is None:
        return None
    cause = _chain(error)[-1]
    return f"{' '.join(str(cause).split())}. {advice}"


def _chain(error: BaseException) -> list[BaseException]:
    found = [error]
    while following := found[-1].__cause__ or found[-1].__context__:
        if following in found:
            break
        found.append(following)
    return found
