"""What caldav-server-tester finds in a server, beside what it knows of others.

``python tests/clients/server_features.py URL docs/en/compatibility.md`` measures a server of the
demo agency (it works as user01 to user03, of whom user02 must have an inbox that is filled:
``rdv-caldav account inbox user02 on``) and writes the page's last table anew; without a page it
prints the findings as JSON.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

PEERS = ("radicale", "xandikos", "cyrus")
USERS = ("user01", "user02", "user03")

_HEAD = "| feature | ours | Radicale | Xandikos | Cyrus | note |"

_AT = "a login with `@` would be needed to see it"
NOTES: dict[str, str] = {
    "create-calendar.auto": "a PUT never makes a calendar: a mistyped URL would make one",
    "http.multiplexing": "no check looks at it: this is the program's assumption",
    "search.text.comp-type-optional": "RFC 4791 §9.7.2: the condition is about VCALENDAR's own "
    "properties, so it matches nothing",
    "url.encode-at.identity": "`@` and `%40` are one place (RFC 3986), not two",
    "url.encode-at.literal.principal": _AT,
    "well-known": "not looked at on loopback",
}
"""Why a feature is not ``full``; a note holds for the features beneath it too."""


def findings(url: str) -> dict[str, str]:
    """Run every check and return feature to level of support.

    Most look into a calendar that the program makes; those of scheduling into a person's, since
    what an account makes for itself holds no appointments.
    """
    logging.disable(logging.CRITICAL)  # its log repeats what it reports
    with _checker(url) as checker:
        checker.check_all()
        found = _levels(checker.features_checked)
    with _checker(url, in_persons_calendar=True) as checker:
        checker.check_one("PrepareCalendar")
        # or else it would make one all the same
        checker.features_checked.set_feature("create-calendar", False)
        checker.check_one("CheckScheduleTagStablePartstat")
        of_persons = _levels(checker.features_checked)
    return found | {name: level for name, level in of_persons.items() if _is_scheduling(name)}


@contextmanager
def _checker(url: str, *, in_persons_calendar: bool = False) -> Iterator[Any]:
    from caldav.davclient import get_davclient

    tester = import_module("caldav_server_tester.checker")
    with ExitStack() as opened:
        first, *others = (
            opened.enter_context(get_davclient(url=url, username=user, password="demo"))
            for user in USERS
        )
        if in_persons_calendar:
            (own,) = first.principal().calendars()
            named = {"name": own.get_display_name()}
            first.features.set_feature("test-calendar.compatibility-tests", named)
        checker = tester.ServerQuirkChecker(first, extra_clients=others)
        try:
            yield checker
        finally:
            checker.cleanup(force=True)


def _is_scheduling(feature: str) -> bool:
    return feature.partition(".")[0] == "scheduling"


def expected_of(peer: str) -> dict[str, str]:
    """Return feature to level of support as python-caldav knows it of another server."""
    from caldav import compatibility_hints

    return _levels(compatibility_hints.FeatureSet(getattr(compatibility_hints, peer)))


def table(ours: dict[str, str]) -> str:
    """Return the findings beside the other servers' levels, as Markdown."""
    peers = [expected_of(peer) for peer in PEERS]
    lines = [_HEAD, "|---|---|---|---|---|---|"]
    for name, level in ours.items():
        note = "" if level == "full" else _note(name)
        cells = [name, level, *(peer[name] for peer in peers), note]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def table_levels(page: str) -> dict[str, str]:
    """Return feature to our level from a page with the table in it."""
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| ")]
    return {
        row[1].strip(): row[2].strip() for row in rows if len(row) == 8 and "feature" not in row[1]
    }


def _levels(features: Any) -> dict[str, str]:
    return {
        name: str(features.is_supported(name, str))
        for name, description in sorted(features.FEATURES.items())
        if description.get("type", "server-feature") == "server-feature"
    }


def _note(name: str) -> str:
    while name and name not in NOTES:
        name = name.rpartition(".")[0]
    return NOTES.get(name, "")


def main(url: str, page: str = "") -> None:
    """Write the table into a page, or print what was found."""
    found = findings(url)
    if not page:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    before, _, _ = Path(page).read_text().partition(_HEAD)
    Path(page).write_text(before + table(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
