"""Files that a process makes are its user's alone; only what is meant for others asks for more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_PRIVATE = 0o077
_users: list[int] = []


@contextmanager
def private_files() -> Iterator[None]:
    """Make files 0600 and folders 0700 while the block runs, also those of libraries and child processes."""
    before = os.umask(_PRIVATE)
    _users.append(before)
    try:
        yield
    finally:
        _users.pop()
        os.umask(before)


def users_umask() -> int:
    """The umask that the user set, also inside `private_files`."""
    if _users:
        return _users[0]
    current = os.umask(_PRIVATE)
    os.umask(current)
    return current
