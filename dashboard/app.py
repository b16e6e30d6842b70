"""The page's entry: sign-in, navigation, language, and a look every few seconds whether there is a new night."""

from __future__ import annotations

import streamlit as st

from dashboard import access, marts
from dashboard.views import competitors, feedback, index, leads, leaks, mentions, overview, queues, sources, topics
from dashboard.words import LANGUAGES, language, word
from flows.errors import MarktechoError

SECONDS_BETWEEN_LOOKS = 20
PAGES = (
    ("overview", overview.show, "space_dashboard"),
    ("mentions", mentions.show, "forum"),
    ("feedback", feedback.show, "grid_on"),
    ("topics", topics.show, "category"),
    ("competitors", competitors.show, "groups"),
    ("leads", leads.show, "handshake"),
    ("queues", queues.show, "inbox"),
    ("index", index.show, "leaderboard"),
    ("leaks", leaks.show, "lock_open"),
    ("sources", sources.show, "rss_feed"),
)


def main() -> None:
    """Show the page that the reader chose."""
    st.set_page_config(page_title="Marktecho", page_icon=":material/hearing:", layout="wide")
    with st.sidebar:
        codes = list(LANGUAGES)
        st.segmented_control(
            "Sprache / Language",
            codes,
            format_func=LANGUAGES.__getitem__,
            default=language(),
            key="language",
            required=True,
        )
    reader = access.reader()
    if reader is None:
        st.navigation([st.Page(_sign_in, title="Marktecho")], position="hidden").run()
        return
    if reader.is_signed_in:
        with st.sidebar:
            st.caption(reader.name)
            st.button(word("sign_out"), on_click=st.logout, icon=":material/logout:")
    page = st.navigation(
        [
            st.Page(show, title=word(name), icon=f":material/{icon}:", url_path=name, default=name == "overview")
            for name, show, icon in PAGES
            if reader.may_see(name)
        ]
    )
    try:
        st.session_state["version"] = marts.version()
        page.run()
    except MarktechoError as error:
        st.session_state["version"] = None
        st.title("Marktecho")
        st.info(word("nothing_published"))
        st.caption(str(error))
    _watch()


def _sign_in() -> None:
    """What somebody sees who may see nothing: where to sign in, or that they are not among those who may."""
    st.title("Marktecho", anchor=False)
    if not access.is_sign_in_offered() or access.is_signed_in():
        st.error(word("not_allowed"))
    else:
        st.info(word("please_sign_in"))
        st.button(word("sign_in"), on_click=st.login, icon=":material/login:")
    if access.is_signed_in():
        st.button(word("sign_out"), on_click=st.logout, icon=":material/logout:")


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _watch() -> None:
    """Show the new night as soon as it is published."""
    try:
        now = marts.version()
    except MarktechoError:
        return
    if now != st.session_state.get("version"):
        st.toast(word("new_night"))
        st.rerun()


main()
