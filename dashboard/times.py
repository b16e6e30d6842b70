"""Times as the reader's clock shows them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st


def local(moment: datetime) -> datetime:
    """A moment in the time zone of the browser; in UTC where it does not say."""
    return moment.astimezone(ZoneInfo(st.context.timezone or "UTC"))
