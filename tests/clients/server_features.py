"""What caldav-server-tester finds in a server, beside what it knows of others.

``python tests/clients/server_features.py URL`` prints the table of docs/en/compatibility.md, found
with the demo's user01, user02 and user03; with ``--json`` the findings alone.
"""

from __future__ import annotations

import json
import logging
import sys
from contextlib import ExitStack
from typing import Any

PEERS = ("radicale", "xandikos", "cyrus")
USERS = ("user01", "user02", "user03")

_HEAD = "| feature | ours | Radicale | Xandikos | Cyrus | note |"

NOTES: dict[str, str] = {}
"""Why a feature is not ``full``, where that is so."""


def findings(url: str) -> dict[str, str]:
    """Run every check and return feature to level of support."""
    from caldav.davclient import get_davclient
    from caldav_server_tester.checker import ServerQuirkChecker

    logging.disable(logging.CRITICAL)  # its log repeats what it reports
    with ExitStack() as opened:
        first, *others = (
            opened.enter_context(get_davclient(url=url, username=user, password="demo"))
            for user in USERS
        )
        checker = ServerQuirkChecker(first, extra_clients=others)
        try:
            checker.check_all()
        finally:
            checker.cleanup(force=True)
    return _levels(checker.features_checked)


def expected_of(peer: str) -> dict[str, str]:
    """Return feature to level of support as python-caldav knows it of another server."""
    from caldav import compatibility_hints

    return _levels(compatibility_hints.FeatureSet(getattr(compatibility_hints, peer)))


def table(ours: dict[str, str]) -> str:
    """Return the findings beside the other servers' levels, as Markdown."""
    peers = [expected_of(peer) for peer in PEERS]
    lines = [_HEAD, "|---|---|---|---|---|---|"]
    for name, level in ours.items():
        cells = [name, level, *(peer[name] for peer in peers), NOTES.get(name, "")]
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


def main(url: str, form: str = "") -> None:
    """Print what was found."""
    found = findings(url)
    sys.stdout.write((json.dumps(found) if form == "--json" else table(found)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
