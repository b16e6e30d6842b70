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
    "The Prefect server does not answer: start it, or unset PREFECT_API_URL and the night starts one of its own.": (
        "Failed to reach API at",
    ),
}


def remedy(error: BaseException) -> str | None:
    """What to do about an error that the machine is to blame for; None for any other.

    The error may lie beneath others: those of dlt and dbt hold it as their cause or in their words.
    """
    found = _sign(error)
    return found[1] if found else None


def in_words(error: Exception) -> str | None:
    """An error as a message for the user: what happened and what to do; None for one that is a bug."""
    if isinstance(error, MarktechoError) and error.exit_code is not ExitCode.FAILED:
        return str(error)
    found = _sign(error)
    if isinstance(error, MarktechoError):
        return f"{error} {found[1]}" if found else str(error)
    return " ".join(f"{found[0].rstrip('.')}. {found[1]}".split()) if found else None


def _sign(error: BaseException) -> tuple[str, str] | None:
    """The words of an error, or of one beneath it, that the machine is to blame for, and what to do about it."""
    for one in _chain(error):
        words = str(one)
        for advice, signs in REMEDIES.items():
            if any(sign in words for sign in signs):
                return words, advice
    return None


def _chain(error: BaseException) -> list[BaseException]:
    found = [error]
    while following := found[-1].__cause__ or found[-1].__context__:
        if following in found:
            break
        found.append(following)
    return found
