"""Mails as bytes, read again by a parser of another language and by the standard library's."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any

import pytest
from fast_mail_parser import parse_email, parse_email_tree
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.headers import one_line
from rdv_caldav.mail.message import InlineImage, build, new_message_id
from support.mail_checker import calendar_of, check_mail
from support.mails import RECIPIENT, SENDER, invitation_text, mail, plain_mail

PICTURE = InlineImage(name="qr", content=b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
FIELDS = {"from", "to", "subject", "date", "message-id", "auto-submitted"} | {
    *("x-auto-response-suppress", "content-language", "mime-version", "content-type")
}
NAMES = [
    "Claire Exemple",
    "Exemple, Claire",
    'Claire "Cléo" Exemple',
    'a\\b"c',
    "",
    "Zoë Été-Übel",
    "Équipe 🏠👩‍👩‍👧 du matin",
    "שלום עולם, ‎כן",
    "x" * 300,
    "é" * 150,
    "Agence (Paris) <rdv@autre.example>",
    "rdv@autre.example",
    "=?utf-8?q?faux?=",
    "Claire, Ivan; Alice: tous",
    "O'Neil & Fils",
]
SUBJECTS = [
    "Invitation",
    "Invitation : " + "réunion de l’équipe, " * 12,
    "plain words again and again " * 12,
    "y" * 2000,
    "=?utf-8?q?faux?= un piège",
    "שלום עולם",
    "🏠" * 80,
    "fin.",
    "",
]


def decoded(raw: bytes, name: str) -> str:
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", message_from_bytes(raw)[name])
    return str(make_header(decode_header(unfolded)))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stays_one_name(name: str) -> None:
    raw = build(mail(sender_name=name, recipient_name=name))
    check_mail(raw)
    read = parse_email(raw)
    assert read.from_ is not None
    assert (read.from_.display_name or "", read.from_.address) == (name, SENDER)
    assert [(each.display_name or "", each.address) for each in read.to] == [(name, RECIPIENT)]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_is_folded_and_read_again(subject: str) -> None:
    raw = build(mail(subject=subject))
    check_mail(raw)
    assert parse_email(raw).subject == subject.strip()
    assert decoded(raw, "Subject") == subject.strip()


@given(text=st.text(), words=st.text(max_size=300))
def test_whatever_is_written_makes_a_mail(text: str, words: str) -> None:
    raw = build(
        mail(sender_name=words, recipient_name=words, subject=words, text=text + ".", html="")
    )
    check_mail(raw)
    assert decoded(raw, "Subject") == one_line(words)
    read = parse_email(raw)
    assert (read.to[0].display_name or "", read.to[0].address) == (one_line(words), RECIPIENT)
    assert {each.lower() for each in read.headers} == FIELDS


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\0", "\u2028", "\u0085", "\x0b", "\r\n "])
def test_no_header_can_be_smuggled_in(end: str) -> None:
    evil = f"Claire{end}Bcc: tous@autre.example{end}{end}<script>"
    raw = build(mail(sender_name=evil, recipient_name=evil, subject=evil))
    check_mail(raw)
    assert "bcc" not in {each.lower() for each in parse_email(raw).headers}
    assert parse_email(raw).subject == "Claire Bcc: tous@autre.example <script>"


def test_what_reverses_the_order_of_letters_goes() -> None:
    raw = build(mail(sender_name="Agence\u202egpj.exe\u2066"))
    assert parse_email(raw).from_.display_name == "Agencegpj.exe"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "claire",
        "@famille.example",
        "claire@",
        "claire@famille example",
        "claire@famille..example",
        "claire@-famille.example",
        "cla ire@famille.example",
        "claire..x@famille.example",
        '"claire x"@famille.example',
        "claire@famille.example>\r\nBcc: x@autre.example",
        "claire@famille.example, ivan@autre.example",
        "claire\u2028@famille.example",
        "claire\u00ad@famille.example",
        "c" * 65 + "@famille.example",
        "claire@" + ".".join(["f" * 63] * 4),
        "claire@" + "f" * 64 + ".example",
        "claire@[192.0.2.1]",
        "claire@\u2024.example",
    ],
)
@pytest.mark.parametrize("field", ["sender", "recipient"])
def test_an_address_that_is_none_is_refused(field: str, address: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        build(mail(**{field: address}))
    assert not address or address not in str(refused.value)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("claire@Été.example", "claire@xn--t-9fab.example"),
        ("claire@straße.example", "claire@xn--strae-oqa.example"),
        (" Claire.X+y@Famille.Example ", "Claire.X+y@famille.example"),
        ("root@localhost", "root@localhost"),
        ("o'neil_1@famille.example", "o'neil_1@famille.example"),
    ],
)
def test_domains_are_sent_as_the_dns_has_them(written: str, sent: str) -> None:
    raw = build(plain_mail(recipient=written))
    check_mail(raw)
    assert [each.address for each in parse_email(raw).to] == [sent]
    assert raw.isascii()


def test_letters_before_the_at_sign_are_kept_as_they_are() -> None:
    raw = build(plain_mail(recipient="zoë@famille.example"))
    check_mail(raw)
    assert "<zoë@famille.example>".encode() in raw


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "CANCEL"},
        {"method": ""},
        {"method": "request"},
        {"calendar": ""},
        {"calendar": invitation_text().replace("METHOD:REQUEST\n", "")},
        {"calendar": invitation_text().replace("METHOD:", "METHOD:CANCEL\nMETHOD:")},
        {"calendar": invitation_text().replace("METHOD:", "METHOD;X=1:CANCEL\nMETHOD:")},
        {"date": datetime(2026, 11, 24, 19)},
        {"message_id": "visite@agence.example"},
        {"message_id": "<visite>"},
        {"message_id": "<a@b>\r\nBcc: <x@autre.example>"},
        {"language": "fr\r\nBcc: x"},
        {"unsubscribe": "http://agence.example/x"},
        {"unsubscribe": "https://agence.example/>\r\nBcc: x"},
        {"images": (InlineImage(name="a b", content=b"x"),)},
        {"images": (InlineImage(name="a", content=b"x", subtype="png\r\nx"),)},
    ],
)
def test_what_cannot_be_sent_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        build(mail(**changes))


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_calendar_is_sent_to_the_letter_with_crlf(method: str, end: str) -> None:
    text = invitation_text(method)
    raw = build(mail(calendar=text.replace("\n", end), method=method))
    check_mail(raw)
    assert calendar_of(raw) == text.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("changes", "shape"),
    [
        ({}, "mixed(alternative(plain,html,calendar),ics)"),
        ({"html": ""}, "mixed(alternative(plain,calendar),ics)"),
        ({"calendar": "", "method": ""}, "alternative(plain,html)"),
        ({"calendar": "", "method": "", "html": ""}, "plain"),
        (
            {"html": '<img src="cid:qr">', "images": (PICTURE,)},
            "mixed(alternative(plain,related(html,png),calendar),ics)",
        ),
    ],
)
def test_the_tree_has_what_is_said_and_no_more(changes: dict[str, Any], shape: str) -> None:
    raw = build(mail(**changes))
    check_mail(raw)

    def drawn(part: Any) -> str:
        kind = str(part.content_type).partition("/")[2]
        return f"{kind}({','.join(map(drawn, part.children))})" if part.children else kind

    assert drawn(parse_email_tree(raw)) == shape


def test_pictures_are_found_by_the_page_that_shows_them() -> None:
    page = '<img src="cid:qr"><img src=\'cid:qr2\'><p>cid:qr</p><img src="cid:autre">'
    other = InlineImage(name="qr2", content=b"\xff\xd8", subtype="jpeg")
    related = (
        parse_email_tree(build(mail(html=page, images=(PICTURE, other)))).children[0].children[1]
    )
    html, first, second = related.children
    assert (first.content, second.content) == (PICTURE.content, b"\xff\xd8")
    assert (html.content or b"").decode().strip() == (
        f"<img src=\"cid:{first.content_id}\"><img src='cid:{second.content_id}'>"
        '<p>cid:qr</p><img src="cid:autre">'
    )


def test_texts_come_back_as_they_were_written() -> None:
    text = (
        "Bonjour,\r\n.\n..\nFrom moi\rà vous=20 \n\t "
        + "mot " * 400
        + "é" * 1500
        + "\x00\x0c\ud800"
    )
    read = parse_email(build(plain_mail(text=text)))
    assert read.text_plain[0].replace("\r\n", "\n") == (
        "Bonjour,\n.\n..\nFrom moi\nà vous=20 \n\t " + "mot " * 400 + "é" * 1500 + "\n"
    )


def test_equal_mails_are_equal_bytes() -> None:
    full = mail(
        html='<img src="cid:qr">', images=(PICTURE,), unsubscribe="https://agence.example/x"
    )
    check_mail(build(full))
    assert build(full) == build(full)


def test_two_mails_share_no_boundary() -> None:
    def boundaries(number: int) -> set[str]:
        raw = build(mail(message_id=f"<visite.{number}@agence.example>"))
        return set(re.findall(r'boundary="([^"]+)"', raw.decode()))

    assert len(boundaries(1)) == 2
    assert boundaries(1).isdisjoint(boundaries(2))


def test_a_thread_is_told_by_its_first_and_last_mails() -> None:
    thread = tuple(f"<visite.{number}@agence.example>" for number in range(2, 60))
    raw = build(mail(references=("kein Id", *thread, "<a b@c>", "<a@b>\r\nX: <y@z>")))
    check_mail(raw)
    kept = str(message_from_bytes(raw)["References"]).split()
    assert kept == [thread[0], *thread[-9:]]
    assert message_from_bytes(raw)["In-Reply-To"] == thread[-1]


def test_what_a_person_wrote_does_not_say_it_was_a_program() -> None:
    raw = build(plain_mail(automatic=False))
    check_mail(raw, automatic=False)
    assert b"auto" not in raw.lower()


def test_the_date_keeps_its_zone() -> None:
    paris = timezone(timedelta(hours=1))
    raw = build(mail(date=datetime(2026, 11, 24, 20, 0, 5, tzinfo=paris)))
    assert message_from_bytes(raw)["Date"] == "Tue, 24 Nov 2026 20:00:05 +0100"


def test_who_unsubscribes_needs_one_click() -> None:
    url = "https://agence.example/desinscription/" + "a" * 300
    raw = build(mail(unsubscribe=url))
    check_mail(raw)
    assert parse_email(raw).headers["List-Unsubscribe"] == [f"<{url}>"]


def test_message_ids_are_random_or_those_of_a_key() -> None:
    made = {new_message_id("agence.example") for _ in range(20)}
    assert len(made) == 20
    assert new_message_id("Été.example", "a") == new_message_id("été.example", "a")
    assert new_message_id("agence.example", "a") != new_message_id("agence.example", "b")
    assert all(re.fullmatch(r"<[a-z2-7]{32}@agence\.example>", each) for each in made)
    with pytest.raises(InvalidInput):
        new_message_id("agence example")
