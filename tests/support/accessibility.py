"""What axe-core finds on a page in a browser."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from playwright.sync_api import Page

_AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def faults_of(page: Page, rules: Sequence[str]) -> list[str]:
    """Return what is wrong with a page by single rules, or by all rules of some standards."""
    # evaluated, not added as an element: the policy of our pages lets no script in
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    violations = page.evaluate(
        "rules => axe.run({runOnly: rules, resultTypes: ['violations']})"
        ".then(found => found.violations)",
        list(rules),
    )
    return [
        f"{each['id']} at {[node['target'] for node in each['nodes']][:5]}: "
        f"{each['nodes'][0].get('failureSummary', '')}"
        for each in violations
    ]


@cache
def _source() -> str:
    return _AXE.read_text("utf-8")
