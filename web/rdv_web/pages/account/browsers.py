"""What a browser calls itself, in two words."""

from __future__ import annotations

from flask_babel import gettext as _

# the first that is found counts: most browsers name others, too
_BROWSERS = {
    "Firefox/": "Firefox",
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}


def browser_name(user_agent: str) -> str:
    """Return a browser and its system by the names people know, else what it says."""
    browser, system = (
        next((name for mark, name in known.items() if mark in user_agent), "")
        for known in (_BROWSERS, _SYSTEMS)
    )
    if browser and system:
        return str(_("%(browser)s sur %(system)s", browser=browser, system=system))
    return browser or user_agent[:60] or str(_("inconnu"))
