"""Who is reading the page, and what they may see: the one place that views ask.

The section `access` of the settings says who may see what; a change of it counts at the next click. Without it the page
is for whoever sits at this machine, and shows everything. Whatever a view does not list in `FOR_DEPARTMENTS` is for
managers only, so that a new view is closed until somebody opens it.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard.words import word
from flows.settings import Access, SettingsError, is_own_host, load_access

CONFIG_VARIABLE: Final = "MARKTECHO_PAGE_SETTINGS"
"""The environment variable through which `marktecho dashboard` names the settings file to the page."""
FOR_DEPARTMENTS: Final = frozenset({"overview", "queues"})
"""Views that every department may see."""


@dataclass(frozen=True)
class Reader:
    """Somebody who may see the page: the name that stands at decisions, and what they may see."""

    name: str
    is_manager: bool
    departments: frozenset[str] = frozenset()
    is_signed_in: bool = False

    def may_see(self, view: str) -> bool:
        """Whether a view may be shown at all."""
        return self.is_manager or (view in FOR_DEPARTMENTS and bool(self.departments))

    def may_see_queue(self, department: str) -> bool:
        """Whether the queue of a department may be shown and changed."""
        return self.is_manager or department in self.departments


def reader() -> Reader | None:
    """Who reads the page now; None for somebody who may see nothing: not signed in, not listed, not at this machine."""
    access = _access()
    if access is None or access.sign_in is None:
        return Reader(_local_name(), is_manager=True) if access is not None and _is_at_this_machine() else None
    return _signed_in(access, st.user.to_dict())


def is_sign_in_offered() -> bool:
    """Whether there is a provider at which readers sign in."""
    access = _access()
    return access is not None and access.sign_in is not None


def is_signed_in() -> bool:
    """Whether somebody has signed in, whether or not they may see anything."""
    return st.user.to_dict().get("is_logged_in") is True


def ensure(view: str) -> Reader:
    """Return who reads a view that they may see; for everybody else the page says so and ends there."""
    found = reader()
    if found is None or not found.may_see(view):
        st.error(word("not_allowed"))
        st.stop()
    return found


def _signed_in(access: Access, claims: Mapping[str, Any]) -> Reader | None:
    """The reader whom the claims of a sign-in name. An address that the provider has not verified names nobody."""
    email = claims.get("email")
    if claims.get("is_logged_in") is not True or not isinstance(email, str):
        return None
    if claims.get("email_verified", True) not in (True, "true"):
        return None
    found = Reader(email, access.is_manager(email), access.departments_of(email), is_signed_in=True)
    return found if found.is_manager or found.departments else None


def _access() -> Access | None:
    """What the settings say about access; None, which lets nobody in, while they cannot be read."""
    name = os.environ.get(CONFIG_VARIABLE)
    if not name:
        return Access()
    file = Path(name)
    try:
        status = file.stat()
        return _read(file, status.st_mtime_ns, status.st_size)
    except (OSError, SettingsError):
        return None


@st.cache_resource(max_entries=2, show_spinner=False)
def _read(file: Path, changed_ns: int, size: int) -> Access:
    return load_access(file)


def _is_at_this_machine() -> bool:
    """Whether the browser asked for an address of this machine: a proxy in front would open the page to others."""
    host = st.context.headers.get("Host")
    if host is None:
        return True
    return is_own_host(host.rsplit(":", 1)[0] if not host.endswith("]") else host)


def _local_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "local"
