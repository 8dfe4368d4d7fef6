"""What mails that arrive hold: calendars in whatever shape, and what somebody wrote."""

from __future__ import annotations

import base64
import quopri

import pytest

from rdv_caldav.mail.incoming import ReceivedMail, read_mail
from rdv_caldav.mail.received_parts import Fault

CALENDAR = "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nSUMMARY:Évaluation\r\nEND:VCALENDAR\r\n"


def read(head: str, body: str | bytes) -> ReceivedMail:
    content = body.encode() if isinstance(body, str) else body
    return read_mail(f"From: sophie@famille.example\r\n{head}\r\n".encode() + content)


def mixed(*parts: tuple[str, bytes]) -> ReceivedMail:
    written = b"".join(b"--b\r\n%s\r\n\r\n%s\r\n" % (head.encode(), body) for head, body in parts)
    return read('Content-Type: multipart/mixed; boundary="b"\r\n', written + b"--b--\r\n")


# -- calendars ----------------------------------------------------------------------------

_UTF8 = CALENDAR.encode()
_BASE64 = base64.encodebytes(_UTF8)
_PARTS: dict[str, tuple[str, bytes]] = {
    "plain": ("Content-Type: text/calendar; method=REPLY; charset=utf-8", _UTF8),
    "no-method": ('Content-Type: TEXT/Calendar; name="invite.ics"', _UTF8),
    "google": ("Content-Type: application/ics; name=invite.ics", _UTF8),
    "octets": ("Content-Type: application/octet-stream", _UTF8),
    "text": ("Content-Type: text/plain; charset=utf-8", _UTF8),
    "name": ("Content-Type: a/b\r\nContent-Disposition: inline; filename*=utf-8''r%C3.ICS", _UTF8),
    "cut": ('Content-Type: a/b;\r\n name*0="re";\r\n name*1="ponse.ics"', _UTF8),
    "base64": ("Content-Type: text/calendar\r\nContent-Transfer-Encoding: BASE64", _BASE64),
    "torn-base64": ("Content-Type: text/calendar\r\nContent-Transfer-Encoding: base64",
                    _BASE64.replace(b"=", b"").replace(b"R", b"!R", 3)),
    "quoted": ("Content-Type: text/calendar\r\nContent-Transfer-Encoding: quoted-printable",
               quopri.encodestring(_UTF8.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")),
    "quoted-unsaid": ("Content-Type: text/calendar", _UTF8.replace(b"=", b"=3D").replace(
        b"\r\n", b"=0D=0A=\r\n").replace(b"\xc3\x89", b"=C3=89")),
    "twice": ("Content-Type: text/calendar\r\nContent-Transfer-Encoding: base64",
              base64.b64encode(base64.b64encode(_UTF8))),
    "latin1": ("Content-Type: text/calendar; charset=iso-8859-1", CALENDAR.encode("latin-1")),
    "windows": ("Content-Type: text/calendar", CALENDAR.encode("cp1252")),
    "utf16": ("Content-Type: text/calendar; charset=utf-16le", CALENDAR.encode("utf-16-le")),
    "mark": ("Content-Type: text/calendar", b"\xff\xfe" + CALENDAR.encode("utf-16-le")),
    "wrong": ("Content-Type: text/calendar; charset=iso-8859-1", _UTF8),
    "unknown": ("Content-Type: text/calendar; charset=x-inconnu", _UTF8),
    "no-charset": ("Content-Type: text/calendar; charset=utf-7", _UTF8),
    "misread": ("Content-Type: text/calendar; charset=utf-8", _UTF8.decode("cp1252").encode()),
}  # fmt: skip


@pytest.mark.parametrize("name", _PARTS)
def test_a_calendar_is_found_whatever_became_of_it(name: str) -> None:
    mail = mixed(("Content-Type: text/plain", b"Bonjour"), _PARTS[name])
    assert [each.strip().replace("\r\n", "\n") for each in mail.calendars] == [
        CALENDAR.strip().replace("\r\n", "\n")
    ]
    assert (mail.text, mail.faults) == ("Bonjour", frozenset())


def test_letters_that_only_look_misread_stay() -> None:
    text = CALENDAR.replace("Évaluation", "Â la SÃO Ã…") + "Â«"
    (found,) = read("Content-Type: text/calendar; charset=utf-8\r\n", text).calendars
    assert "SÃO" in found
    assert "Â la" in found


def test_the_same_text_twice_is_one() -> None:
    assert len(mixed(_PARTS["plain"], _PARTS["google"], _PARTS["base64"]).calendars) == 1
    other = ("Content-Type: text/calendar", _UTF8.replace(b"REPLY", b"COUNTER"))
    assert len(mixed(_PARTS["plain"], other).calendars) == 2


def test_what_is_no_calendar() -> None:
    mail = mixed(
        ("Content-Type: image/png; name=a.ics", _UTF8),
        ("Content-Type: application/pdf", _UTF8),
        ("Content-Type: application/octet-stream", b"BEGIN:VCARD"),
        ("Content-Type: text/calendar", b"  \r\n"),
        (
            "Content-Type: message/rfc822; name=a.ics",
            b"Content-Type: text/calendar\r\n\r\n" + _UTF8,
        ),
    )
    assert mail.calendars == ()


def test_two_megabytes_of_calendars_are_enough() -> None:
    large = _UTF8.replace(b"SUMMARY", b"X" * 1_500_000)
    head = "Content-Type: text/calendar"
    mail = mixed((head, large), (head, large.replace(b"REPLY", b"reply")), (head, _UTF8))
    assert len(mail.calendars) == 2
    assert mail.faults == {Fault.TOO_MUCH_CALENDAR}


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n", Fault.ENCRYPTED),
        ("Content-Type: multipart/encrypted; boundary=b\r\n", Fault.ENCRYPTED),
        ("Content-Type: multipart/mixed\r\n", Fault.NO_BOUNDARY),
        ('Content-Type: multipart/mixed; boundary=""\r\n', Fault.NO_BOUNDARY),
    ],
)
def test_what_cannot_be_read(head: str, fault: Fault) -> None:
    assert read(head, "--b\r\n\r\nx\r\n--b--").faults == {fault}


def test_parts_within_parts_and_without_an_end() -> None:
    page = b"Content-Type: text/html\r\n\r\n<p>Bonjour</p>"
    inner = b"--i \t\r\n\r\n\r\n--i\r\n" + page + b"\r\n--i--\r\nrien\r\n"
    mail = mixed(('Content-Type: multipart/alternative; boundary="i"', inner), _PARTS["plain"])
    assert (mail.text, len(mail.calendars)) == ("Bonjour", 1)
    torn = read("Content-Type: multipart/mixed; boundary=b\r\n", b"--b\r\n\r\nBonjour\r\n--bb\r\n")
    assert torn.text == "Bonjour\n--bb"


# -- text ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "quoted",
    [
        "Le mar. 24 nov. 2026 à 13:00, Agence\n<rdv@agence.example> a écrit :\n> Bonjour\n>\n> !",
        "On Tue, Nov 24, 2026 at 1:00 PM Agence wrote:\n\n> Bonjour",
        "-----Message d'origine-----\nDe : Agence\nBonjour",
        "De : Agence <rdv@agence.example>\nEnvoyé : mardi 24 novembre 2026\nÀ : Sophie\n\nBonjour",
        f"{'_' * 32}\nFrom: Agence\nBonjour",
    ],
)
def test_what_is_quoted_is_left_out(quoted: str) -> None:
    assert read("", f"Je viens.\nÀ bientôt\n\n{quoted}\n").text == "Je viens.\nÀ bientôt"


def test_an_answer_below_what_is_quoted_stays() -> None:
    assert read(
        "", "Le 24 novembre, Agence a écrit :\n> Viens-tu ?\n\nOui.\n> Et Paul ?\nNon."
    ).text == ("Oui.\nNon.")


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>Je&nbsp;viens<br>demain &amp; après</p>", "Je viens\ndemain & après"),
        ("<style>p{}</style><script>if (a<b) x()</script><p>Oui</p>", "Oui"),
        (
            "<div>Oui</div><blockquote><div>Viens</div></blockquote><p>vraiment</p>",
            "Oui\n\nvraiment",
        ),
        ('<div>Oui</div><div class="gmail_quote"><div>On x wrote:</div><p>Viens</p></div>', "Oui"),
        ('<p>Oui</p><div id="divRplyFwdMsg">De : Agence</div><p>Viens</p>', "Oui"),
        ("<p>Oui</p><!-- <p>non</p> --><p>!</p><!-- <p>non</p>", "Oui\n\n!"),
        ("a < b <3 &lt;p&gt;", "a < b <3 <p>"),
        ("<p>Oui</p><script>x()", "Oui"),
        ("<!DOCTYPE html><?xml a?><p>Oui\n vraiment</p>", "Oui vraiment"),
    ],
)
def test_pages_as_text(page: str, text: str) -> None:
    assert read("Content-Type: text/html; charset=utf-8\r\n", page).text == text


def test_the_plain_text_is_preferred_and_attachments_are_not_read() -> None:
    mail = mixed(
        ("Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt", b"fichier"),
        ("Content-Type: text/html", b"<p>page</p>"),
        ("Content-Type: text/plain", b"texte\x00\xe2\x80\xae"),
    )
    assert mail.text == "texte"


def test_a_calendar_is_nothing_that_somebody_wrote() -> None:
    mail = mixed(
        ("Content-Type: text/plain", CALENDAR.encode()), ("Content-Type: text/html", b"Oui")
    )
    assert (mail.text, len(mail.calendars)) == ("Oui", 1)


def test_parameters_that_are_none() -> None:
    head = "Content-Type: text/plain; *1=a; charset*0*=utf-8'fr'utf; charset*1=-8; =x; ;;\r\n"
    assert read(head, "déjà").text == "déjà"
    wide = "Content-Type: text/plain; charset*=us-ascii''utf%2D16le\r\n"
    assert read(wide, "déjà".encode("utf-16-le")).text == "déjà"
    assert (
        read("Content-Type: text/plain; charset*=utf-16le\r\n", "a".encode("utf-16-le")).text == "a"
    )
