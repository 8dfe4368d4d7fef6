"""Pages of mails: what mail programs can show, with nothing that they would have to load.

Mail programs drop style sheets, or ask before they fetch anything: so styles are written into
the elements, and pictures travel with the mail.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import css_inline
import segno

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.message import InlineImage

QR_NAME = "reponse"
_QR_WIDTH = 148
_LONGEST_LINK = 500
_FONT = "-apple-system,'Segoe UI',Roboto,Arial,Helvetica,sans-serif"
MOST_TAGS = 3000
"""The library follows nested elements by calling itself, and ends the process at about 10 000."""

_STYLE = re.compile(r"<style\b.*?</style", re.IGNORECASE | re.DOTALL)
_IMPORT = re.compile(r"@import\b[^;}<]*;?", re.IGNORECASE)
_INLINER = css_inline.CSSInliner(
    load_remote_stylesheets=False,  # neither from the network nor from files
    keep_link_tags=False,
    keep_at_rules=True,  # @media, for phones and dark colours
)

# the colours of presences in the panel, with white letters on them; a sign each, since colour
# alone tells nothing to some
_BUTTONS = (
    ("accepted", "✓", "#15803d"),
    ("tentative", "?", "#b45309"),
    ("declined", "✕", "#b91c1c"),
)
_WORDS: Mapping[str, Mapping[str, str]] = {
    "fr": {
        "question": "Votre réponse",
        "accepted": "Accepter",
        "tentative": "Peut-être",
        "declined": "Refuser",
        "hint": "La page qui s’ouvre vous demande de confirmer. Vous pourrez changer d’avis.",
        "scan": "Ou scannez ce code avec un téléphone.",
        "qr": "Code QR vers la page de réponse",
        "plain": "Pour accepter, répondre peut-être ou refuser, ouvrez cette page :",
    },
    "en": {
        "question": "Your answer",
        "accepted": "Accept",
        "tentative": "Maybe",
        "declined": "Decline",
        "hint": "The page that opens asks you to confirm. You can change your mind later.",
        "scan": "Or scan this code with a phone.",
        "qr": "QR code of the answer page",
        "plain": "To accept, say maybe or decline, open this page:",
    },
}
# the mail has colours of its own everywhere, and needs none of its reader's program
_META = '<meta name="color-scheme" content="light dark">'


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerBlock:
    """The invitation to answer, for the page and for the plain text of one mail."""

    html: str
    text: str
    images: tuple[InlineImage, ...]


def inlined(page: str) -> str:
    """Return a page with its styles written into its elements; nothing is loaded.

    ``<link>`` and ``@import`` go, unread: the program of who gets the mail is not to follow them
    either. Raises InvalidInput for a page that cannot be read, or has more than ``MOST_TAGS``.
    """
    if page.count("<") > MOST_TAGS:
        raise InvalidInput(f"the page of the mail has more than {MOST_TAGS} tags")
    try:
        return _INLINER.inline(_STYLE.sub(lambda found: _IMPORT.sub("", found[0]), page))
    except ValueError as error:
        raise InvalidInput("the styles of the mail cannot be read") from error


def with_answer_block(page: str, block: AnswerBlock) -> str:
    """Return a page with the block at its end, in the colours of the shipped templates."""
    head, found, rest = page.partition("</head>")
    page = f"{head}{_META}{found}{rest}" if found else _META + page
    before, end, after = page.rpartition("</body>")
    return f"{before}{block.html}{end}{after}" if end else page + block.html


def may_answer_by(url: str) -> bool:
    """Tell whether a URL can be followed, and is short enough for a code that phones can read."""
    return url.startswith(("https://", "http://")) and len(url) <= _LONGEST_LINK


def answer_block(url: str, language: str) -> AnswerBlock:
    """Return three buttons and a QR code that lead to the one page where the answer is given.

    Nothing is chosen by following one: programs that check links follow all of them. Raises
    InvalidInput for a URL that is not http(s), or too long for a code that phones can read.
    """
    if not may_answer_by(url):
        raise InvalidInput("the link to the answer page cannot be used")
    words = _WORDS.get(language, _WORDS["fr"])
    image = InlineImage(name=QR_NAME, content=_qr(url))
    return AnswerBlock(html=_html(url, words), text=f"{words['plain']}\n{url}\n", images=(image,))


def _html(url: str, words: Mapping[str, str]) -> str:
    link = escape(url)
    buttons = "".join(
        f'<a href="{link}" style="display:block;margin:0 0 10px;padding:14px 16px;'
        f"background:{colour};color:#ffffff;border-radius:8px;text-align:center;"
        f'text-decoration:none;font-weight:bold;font-size:18px;line-height:1.2">'
        f"{sign}&nbsp;{escape(words[name])}</a>"
        for name, sign, colour in _BUTTONS
    )
    code = (
        f'<img src="cid:{QR_NAME}" width="{_QR_WIDTH}" height="{_QR_WIDTH}"'
        f' alt="{escape(words["qr"])}" style="display:block;margin:8px auto;border:0">'
    )
    small = "margin:8px 0;font-size:14px;line-height:1.4;color:#4d5568;text-align:center"
    return (
        f'<div style="padding:0 16px 16px;background:#f3f4f7;font-family:{_FONT};font-size:16px">'
        '<div style="max-width:560px;margin:0 auto;padding:24px;background:#ffffff;'
        'border-radius:8px;color:#1b2130">'
        f'<h2 style="margin:0 0 12px;font-size:18px">{escape(words["question"])}</h2>'
        f'{buttons}<p style="{small}">{escape(words["hint"])}</p>{code}'
        f'<p style="{small}">{escape(words["scan"])}</p></div></div>'
    )


def _qr(url: str) -> bytes:
    """Return a picture that phones read on dark pages, too: dark on white, with its margin."""
    picture = io.BytesIO()
    segno.make_qr(url, error="m").save(picture, kind="png", scale=4, border=4)
    return picture.getvalue()
