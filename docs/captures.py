"""Takes the pictures of the guides from a demo agency: ``python docs/captures.py``."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "fr" / "images"
sys.path.insert(0, str(ROOT / "tests"))

from support.server import rdv_caldav, running_server  # noqa: E402

COLOURS = 256
WIDE = {
    "accueil": "/",
    "fiche-rendez-vous": "/personnes/claire/rendez-vous",
    "rendez-vous": "/rendez-vous/1",
    "planning-personne": "/planning/ivan",
    "planning-equipe": "/planning",
    "controle": "/analyse/rendez-vous",
    "types": "/administration/configuration/rendez-vous",
    "modeles": "/administration/configuration/modeles",
}
NARROW = {"telephone": "/rendez-vous/1"}


def main() -> None:
    """Write every picture anew."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database_url = f"sqlite:///{folder / 'rdv.sqlite'}"
        for command in (("upgrade",), ("demo", "--appointments", "120")):
            done = rdv_caldav(*command, environ={"RDV_DATABASE_URL": database_url})
            if done.returncode != 0:
                sys.exit(done.stderr)
        with (
            running_server(database_url, folder / "log", workers=1) as server,
            sync_playwright() as playwright,
        ):
            # fields of dates speak the browser's language, whatever the page asks for; Debian
            # has those of Chromium in a package of their own (chromium-l10n)
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=["--no-sandbox", "--disable-gpu", "--lang=fr-FR"],
                env={**os.environ, "LANGUAGE": "fr"},
            )
            _take(browser, server.url, WIDE, width=1280)
            _take(browser, server.url, NARROW, width=390)
            browser.close()


def _take(browser: Browser, url: str, pictures: dict[str, str], *, width: int) -> None:
    context = browser.new_context(
        base_url=url, viewport={"width": width, "height": 800}, locale="fr"
    )
    page = context.new_page()
    page.goto("/connexion")
    page.fill("#login", "admin")
    page.fill("#password", "demo")
    page.click("main button.primary")
    page.wait_for_url("**/")
    for name, path in pictures.items():
        _picture(page, path, IMAGES / f"{name}.png")
    context.close()


def _picture(page: Page, path: str, file: Path) -> None:
    answer = page.goto(path)
    if answer is None or not answer.ok:
        sys.exit(f"{path}: no such page")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=file)
    with Image.open(file) as shot:
        _few_colours(shot.convert("RGB")).save(file, optimize=True)
    print(f"{file.name}: {file.stat().st_size // 1000} kB")


def _few_colours(picture: Image.Image) -> Image.Image:
    """Return a picture of text at a third of its size: the colours it has most, to the letter."""
    parts = iter(picture.tobytes())
    counted = Counter(zip(parts, parts, parts, strict=True))
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour, _ in counted.most_common(COLOURS) for part in colour])
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
