"""Pages of mails: nothing is loaded, everybody can answer."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
import zxingcpp

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.domain.mail_templates import LANGUAGES, Medium, Occasion
from rdv_caldav.mail.html import QR_NAME, answer_block, inlined, with_answer_block
from rdv_caldav.mail.message import build
from rdv_caldav.mail.shipped import shipped_for
from rdv_caldav.mail.templates import render
from rdv_caldav.mail.variables import SAMPLE, values_of
from support.mail_checker import check_mail
from support.mails import mail

URL = "https://agence.example/reponse/AbC-_9?x=1&y=2"


@contextmanager
def style_server() -> Iterator[tuple[str, list[str]]]:
    """Serve a style sheet; give its URL and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/css")
            self.end_headers()
            self.wfile.write(b"p{color:red}")

        def log_message(self, *arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


def test_styles_are_written_into_the_elements() -> None:
    page = inlined(
        "<html><head><style>p{color:green} @media (max-width:600px){p{margin:0}}</style></head>"
        "<body><p style='font-size:16px'>é &amp; &lt;b&gt;</p></body></html>"
    )
    (paragraph,) = re.findall(r"<p style=\"([^\"]*)\">é &amp; &lt;b&gt;</p>", page)
    assert {each.strip() for each in paragraph.rstrip(";").split(";")} == {
        "color: green",
        "font-size: 16px",
    }
    assert "@media (max-width:600px)" in page.replace(": ", ":")


def test_nothing_is_loaded_from_anywhere(tmp_path: Path) -> None:
    sheet = tmp_path / "styles.css"
    sheet.write_text("p{color:red}")
    with style_server() as (url, asked):
        page = inlined(
            f'<html><head><link rel="stylesheet" href="{url}/link.css">'
            f'<link rel="stylesheet" href="{sheet}"><link rel="stylesheet" href="file://{sheet}">'
            f"<style>@import url('{url}/import.css'); @import '{sheet}'; p{{margin:0}}</style>"
            "</head><body><p>x</p></body></html>"
        )
    assert asked == []
    assert not [each for each in ("red", "<link", "import", url) if each in page]
    assert 'style="margin: 0' in page


@pytest.mark.parametrize("page", ["<div>" * 20_000, "<b><p>" * 6_000, "<p>\ud800</p>"])
def test_a_page_that_would_end_the_process_is_refused(page: str) -> None:
    with pytest.raises(InvalidInput):
        inlined(page)


def test_a_page_of_many_elements_is_taken() -> None:
    page = inlined("<style>div div{color:green}</style>" + "<div>" * 1_400 + "x" + "</div>" * 1_400)
    assert page.count("color: green") == 1_399


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("occasion", [Occasion.INVITATION, Occasion.UPDATE])
def test_the_shipped_mails_carry_the_answer_block(occasion: Occasion, language: str) -> None:
    shown = render(shipped_for(occasion, language, Medium.MAIL), values_of(SAMPLE, language))
    block = answer_block(URL, language)
    page = inlined(with_answer_block(shown.html, block))
    raw = build(mail(html=page, text=f"{shown.text}\n{block.text}", images=block.images))
    check_mail(raw)
    assert page.index("color-scheme") < page.index("</head>")
    assert page.index(SAMPLE.agency) < page.index(QR_NAME) < page.index("</body>")
    assert "<style>" not in page
    assert block.text.endswith(f"\n{URL}\n")


@pytest.mark.parametrize("page", ["<p>à bientôt</p>", "<html><body><p>à bientôt</p></body></html>"])
def test_pages_without_a_frame_carry_it_too(page: str) -> None:
    found = inlined(with_answer_block(page, answer_block(URL, "fr")))
    assert found.index("à bientôt") < found.index(f"cid:{QR_NAME}")
    assert "color-scheme" in found


@pytest.mark.parametrize(
    ("language", "labels"),
    [
        ("fr", ["Accepter", "Peut-être", "Refuser"]),
        ("en", ["Accept", "Maybe", "Decline"]),
        ("de", ["Accepter", "Peut-être", "Refuser"]),
    ],
)
def test_three_buttons_lead_to_one_page_and_choose_nothing(
    language: str, labels: list[str]
) -> None:
    html = answer_block(URL, language).html
    found = re.findall(r'<a href="([^"]*)"[^>]*>\S&nbsp;([^<]*)</a>', html)
    assert found == [(URL.replace("&", "&amp;"), label) for label in labels]
    assert re.search(rf'<img src="cid:{QR_NAME}"[^>]* alt="[^"]+ [^"]+"', html)


@pytest.mark.parametrize("url", [URL, "https://agence.example/" + "a" * 470])
def test_phones_read_the_code(url: str) -> None:
    (image,) = answer_block(url, "fr").images
    assert image == answer_block(url, "fr").images[0]
    read = zxingcpp.read_barcodes(PIL.Image.open(io.BytesIO(image.content)))
    assert [each.text for each in read] == [url]


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "/reponse/1", "https://agence.example/" + "a" * 500]
)
def test_links_that_lead_nowhere_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        answer_block(url, "fr")
