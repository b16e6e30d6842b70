"""Links stay in the text, because they say what a post is about; what identifies a person in them goes."""

from __future__ import annotations

import re

from flows.privacy.contacts import is_kept

_PROFILE_HOSTS = (
    r"(?:twitter\.com|x\.com|instagram\.com|facebook\.com|fb\.com|tiktok\.com|threads\.(?:net|com)|linkedin\.com"
    r"|bsky\.app|reddit\.com|xing\.com|t\.me|wa\.me|github\.com|youtube\.com|snapchat\.com|pinterest\.(?:com|de))"
)
LINK = re.compile(
    rf"(?:https?://|\bwww\.)[^\s<>\"']+|(?<![\w.@/\-])(?:m\.|mobile\.|old\.|[a-z]{{2}}\.)?{_PROFILE_HOSTS}/[^\s<>\"']+",
    re.IGNORECASE,
)

_USERINFO = re.compile(r"^(https?://)[^/?#]*@", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+@\-])(?:[\w.+\-]|%2B)+(?:@|%40)(?:[^\W_][\w\-]*\.)+[^\W\d_]{2,24}", re.IGNORECASE)
_HANDLE = re.compile(r"(?<=/)(?:@|%40)([\w.\-]*\w(?:(?:@|%40)\w[\w.\-]*\w)?)", re.IGNORECASE)
_PROFILE = re.compile(
    rf"^((?:https?://)?(?:[a-z]{{1,6}}\.)?{_PROFILE_HOSTS}/(?:in/|u/|user/|profile/|profiles?/|people/|add/|c/)?)"
    r"([\w.\-]*\w)(?=[/?#]|$|\W)",
    re.IGNORECASE,
)
# first path parts that are places of the platform, not people
_PLACES = re.compile(
    r"i|intent|share|search|hashtag|explore|home|p|reel|reels|tv|stories|watch|shorts|playlist|results|channel"
    r"|groups|events|marketplace|pages|sharer|sharer\.php|story\.php|photo\.php|permalink\.php|profile\.php"
    r"|status|statuses|company|jobs|feed|pulse|posts|school|r|comments|topics|features|pricing|login|signup"
    r"|about|help|settings|messages|download|embed|live|video|videos|photo|photos|media|joinchat|s|discover|tag"
    r"|tags|legal|privacy|terms",
    re.IGNORECASE,
)
_PARAMETER = re.compile(
    r"(?P<start>[?&;#](?:amp;)?)(?P<name>[\w.\-\[\]]+)=(?P<value>[^&;#\s]+)",
)
_MAIL_NAMES = re.compile(r"e?_?-?mail(?:_?addr(?:ess)?)?|user_?mail|recipient|mailto", re.IGNORECASE)
_PHONE_NAMES = re.compile(r"tel|telefon|phone(?:_?number)?|mobile|handy|msisdn", re.IGNORECASE)
_SECRET_NAMES = re.compile(
    r"(?:\w*[_\-])?(?:token|key|api_?key|auth|authorization|password|passwd|pwd|secret|sig|signature|session|session_?id"
    r"|sid|jwt|otp|pin|hash|user|user_?id|user_?name|uid|login|account|customer_?id|subscriber_?id|first_?name|last_?name"
    r"|full_?name|vorname|nachname|igshid|igsh|fbclid|mc_eid|utm_id)",
    re.IGNORECASE,
)
_WHATSAPP = re.compile(r"(wa\.me/|api\.whatsapp\.com/send/?\?phone=)\+?[0-9]{6,15}", re.IGNORECASE)


def redact_link(link: str, keep_handles: frozenset[str]) -> str:
    """Take credentials, e-mail addresses, telephone numbers and handles not listened to out of a link.

    User and password before the host are dropped; values of parameters whose name announces a secret or a person
    become `[token]`, `[email]` or `[phone]`; a personal profile becomes `@user` or `user`.
    """
    link = _USERINFO.sub(r"\1", link)
    if "@" in link or "%40" in link:
        link = _EMAIL.sub("[email]", link)
        link = _HANDLE.sub(
            lambda match: match.group() if is_kept(match[1].replace("%40", "@"), keep_handles) else "@user", link
        )
    link = _WHATSAPP.sub(r"\1[phone]", link)
    link = _PROFILE.sub(lambda match: _profile(match, keep_handles), link)
    return _PARAMETER.sub(_parameter, link) if "=" in link else link


def _profile(match: re.Match[str], keep_handles: frozenset[str]) -> str:
    is_public = _PLACES.fullmatch(match[2]) or is_kept(match[2], keep_handles)
    return match.group() if is_public else f"{match[1]}user"


def _parameter(match: re.Match[str]) -> str:
    name, value = match["name"], match["value"]
    if value.startswith("["):
        return match.group()
    if _MAIL_NAMES.fullmatch(name):
        kind = "[email]"
    elif _PHONE_NAMES.fullmatch(name):
        kind = "[phone]"
    elif _SECRET_NAMES.fullmatch(name):
        kind = "[token]"
    else:
        return match.group()
    return f"{match['start']}{name}={kind}"
