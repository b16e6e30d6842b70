"""Errors that a user sees, each with the exit code of the command line."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `marktecho` (documented in docs/reference/command-line.md)."""

    DONE = 0
    FAILED = 1
    WRONG_USE = 2
    AUDIT_REFUSED = 3
    SOURCE_FAILED = 4


class MarktechoError(Exception):
    """Base of errors whose message is meant for the user: what was wrong, where, and what to do."""

    exit_code = ExitCode.FAILED


class UsageError(MarktechoError):
    """Wrong use, configuration, file or mapping. Nothing has been written."""

    exit_code = ExitCode.WRONG_USE


class AuditRefused(MarktechoError):  # noqa: N818 - an outcome, not a malfunction
    """A critical expectation failed; yesterday's marts stay published."""

    exit_code = ExitCode.AUDIT_REFUSED


class WarehouseBusy(MarktechoError):  # noqa: N818 - an outcome, not a malfunction
    """Another process holds the warehouse."""
