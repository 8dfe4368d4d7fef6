"""What templates can do, what is refused when they are saved, and what comes out of them."""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from rdv_caldav.domain.appointment import Span
from rdv_caldav.domain.errors import InvalidTemplate
from rdv_caldav.domain.mail_templates import (
    LANGUAGES,
    Fault,
    MailTemplate,
    Medium,
    Occasion,
    TemplateProblem,
)
from rdv_caldav.mail import templates
from rdv_caldav.mail.shipped import shipped, shipped_for
from rdv_caldav.mail.variables import NAMES, SAMPLE, VARIABLES, Facts, values_of

PLAIN = MailTemplate(name="Essai", occasion=Occasion.MESSAGE, subject="Objet", text="Texte")
EMPTY = Facts(
    recipient="",
    first_name="",
    last_name="",
    subject="",
    type_label="",
    span=SAMPLE.span,
    location="",
    state=SAMPLE.state,
    participants=(),
    owner="",
    notes="",
    agency="Agence",
    link="",
)


def problems(**fields: Any) -> list[TemplateProblem]:
    with pytest.raises(InvalidTemplate) as refused:
        templates.check(replace(PLAIN, **fields))
    return list(refused.value.problems)


def faults(**fields: str) -> list[tuple[str, Fault, int, str]]:
    return [(each.field, each.fault, each.line, each.detail) for each in problems(**fields)]


def filled(facts: Facts = SAMPLE, **fields: Any) -> tuple[str, str, str]:
    template = replace(PLAIN, **fields)
    templates.check(template)
    done = templates.render(template, values_of(facts, template.language))
    return done.subject, done.text, done.html


def span(start: str, end: str, *, all_day: bool = False) -> Span:
    return Span(
        start=datetime.fromisoformat(start),
        end=datetime.fromisoformat(end),
        zone="Europe/Paris",
        all_day=all_day,
    )


# -- what is shipped ----------------------------------------------------------------------


@pytest.mark.parametrize("template", shipped(), ids=lambda each: each.key)
@pytest.mark.parametrize("facts", [SAMPLE, EMPTY], ids=["full", "empty"])
def test_shipped_templates_always_work(template: MailTemplate, facts: Facts) -> None:
    templates.check(template)
    done = templates.render(template, values_of(facts, template.language))
    for part in (done.subject, done.text, done.html):
        assert "{" not in re.sub(r"\{[a-z-]+:", "", part)
    assert "\n\n\n" not in done.text
    if facts is SAMPLE and template.occasion is not Occasion.CANCELLATION:
        assert "24" in done.text
        assert "2026" in done.text


def test_one_is_shipped_for_every_use() -> None:
    uses = {each.use for each in shipped()}
    assert uses == {(o, each, m) for o in Occasion for each in LANGUAGES for m in Medium}
    assert shipped_for(Occasion.REMINDER, "en", Medium.SMS).name == "Reminder"
    assert len({each.key for each in shipped()}) == len(uses)


def test_shipped_html_reads_on_a_phone() -> None:
    for template in shipped():
        if template.medium is Medium.MAIL:
            html = templates.render(template, values_of(SAMPLE, template.language)).html
            assert '<meta name="viewport" content="width=device-width' in html
            assert f'<html lang="{template.language}">' in html
            assert "<style" not in html, "styles stand in the elements"
            assert "width:5" not in html.replace("max-width:5", ""), "no fixed width"


# -- variables ----------------------------------------------------------------------------


def test_variables_are_declared_once_with_words_in_both_languages() -> None:
    assert len(NAMES) == len(VARIABLES)
    for variable in VARIABLES:
        assert set(variable.meaning) == set(LANGUAGES), variable.name
        assert all(variable.meaning.values()), variable.name
        assert variable.sample("fr"), variable.name


@pytest.mark.parametrize(
    ("when", "french", "english"),
    [
        (
            SAMPLE.span,
            "mardi 24 novembre 2026, 14:00 – 15:00",
            "Tuesday, November 24, 2026, 14:00 – 15:00",
        ),
        (
            span("2026-11-24T22:00", "2026-11-25T06:00"),
            "mardi 24 novembre 2026, 22:00 – mercredi 25 novembre 2026, 06:00",
            "Tuesday, November 24, 2026, 22:00 – Wednesday, November 25, 2026, 06:00",
        ),
        (
            span("2026-12-01T09:00", "2026-12-01T10:00"),
            "mardi 1er décembre 2026, 09:00 – 10:00",
            "Tuesday, December 1, 2026, 09:00 – 10:00",
        ),
        (
            span("2026-11-24", "2026-11-25", all_day=True),
            "mardi 24 novembre 2026, toute la journée",
            "Tuesday, November 24, 2026, all day",
        ),
        (
            span("2026-11-24", "2026-11-26", all_day=True),
            "mardi 24 novembre 2026 – mercredi 25 novembre 2026",
            "Tuesday, November 24, 2026 – Wednesday, November 25, 2026",
        ),
    ],
)
def test_dates_are_words_of_the_language(when: Span, french: str, english: str) -> None:
    facts = replace(SAMPLE, span=when)
    assert values_of(facts, "fr")["horaire"] == french
    assert values_of(facts, "en")["horaire"] == english


def test_all_day_has_no_hours() -> None:
    facts = replace(SAMPLE, span=span("2026-11-24", "2026-11-25", all_day=True))
    assert (
        filled(facts, text="{% if debut %}de {{ debut }}{% else %}jour{% endif %}")[1] == "jour\n"
    )


def test_empty_values_are_false() -> None:
    text = "{% if lieu %}{{ lieu }}{% else %}sans lieu{% endif %}.{{ lieu }}."
    assert filled(EMPTY, text=text)[1] == "sans lieu..\n"


def test_participants_are_listed_one_by_one() -> None:
    text = "{% for personne in liste_participants %}- {{ personne }}\n{% endfor %}"
    assert filled(text=text)[1] == "- Claire Exemple\n- Alice Modèle\n"


# -- what comes out -----------------------------------------------------------------------


def test_values_are_escaped_in_html_only() -> None:
    facts = replace(SAMPLE, subject="<script>alert('a & b')</script>")
    subject, text, html = filled(
        facts, subject="{{ objet }}", text="{{ objet }}", html="<p>{{ objet | upcase }}</p>"
    )
    assert subject == facts.subject
    assert text == facts.subject + "\n"
    body = html.partition("<body")[2]
    assert "<script" not in html.lower()
    assert "&lt;SCRIPT&gt;" in body


@pytest.mark.parametrize("way", ["{% assign a = notes %}{{ a }}", "{{ notes | newline_to_br }}"])
def test_no_way_round_escaping(way: str) -> None:
    assert "<b>" not in filled(replace(SAMPLE, notes="<b>x</b>"), html=f"<p>{way}</p>")[2]


def test_a_subject_is_one_line_without_controls() -> None:
    facts = replace(SAMPLE, subject="Visite\r\nBcc: x@y.example\x00")
    assert filled(facts, subject="  {{ objet }} ")[0] == "Visite Bcc: x@y.example"
    assert len(filled(replace(SAMPLE, subject="x" * 900), subject="{{ objet }}")[0]) == 250


def test_values_are_no_templates() -> None:
    facts = replace(SAMPLE, notes="{{ lieu }}{% for %}")
    assert filled(facts, text="{{ notes }}")[1] == "{{ lieu }}{% for %}\n"


def test_a_whole_document_is_left_as_it_is() -> None:
    html = "<!DOCTYPE html>\n<html><body>{{ lieu }}</body></html>"
    assert filled(html=html)[2] == "<!DOCTYPE html>\n<html><body>1 rue de l’Exemple</body></html>"


def test_html_is_optional() -> None:
    assert filled(html="")[2] == ""


def test_a_message_that_comes_out_empty_is_refused() -> None:
    template = replace(PLAIN, subject="{{ objet }}", text="{{ lieu }}")
    templates.check(template)
    with pytest.raises(InvalidTemplate, match="text comes out empty"):
        templates.render(template, values_of(EMPTY, "fr"))
    with pytest.raises(InvalidTemplate, match="subject comes out empty"):
        templates.render(replace(template, text="x"), values_of(EMPTY, "fr"))


def test_an_sms_is_text_only() -> None:
    sms = replace(PLAIN, medium=Medium.SMS, subject="", html="{{ nope }}", text="{{ date }}")
    templates.check(sms)
    done = templates.render(sms, values_of(SAMPLE, "fr"))
    assert (done.subject, done.text, done.html) == ("", "mardi 24 novembre 2026\n", "")
    with pytest.raises(InvalidTemplate):
        templates.check(replace(sms, text="x" * 1001))


# -- what is refused when it is saved -----------------------------------------------------


def test_fields_have_their_limits() -> None:
    assert faults(name=" ", subject="", text=" \n") == [
        ("name", Fault.EMPTY, 0, ""),
        ("subject", Fault.EMPTY, 0, ""),
        ("text", Fault.EMPTY, 0, ""),
    ]
    assert faults(name="x" * 101, subject="x" * 251, text="x" * 20_001, html="x" * 50_001) == [
        ("name", Fault.TOO_LONG, 0, "100"),
        ("subject", Fault.TOO_LONG, 0, "250"),
        ("text", Fault.TOO_LONG, 0, "20000"),
        ("html", Fault.TOO_LONG, 0, "50000"),
    ]
    assert faults(subject="a\nb") == [("subject", Fault.SEVERAL_LINES, 0, "")]


def test_faults_name_their_line_even_where_nothing_is_rendered() -> None:
    hidden = "un\n{% if lieu == 'jamais' %}\n{{ adresse }}\n{{ lieu | rot13 }}{% endif %}"
    assert faults(text=hidden) == [
        ("text", Fault.UNKNOWN_VARIABLE, 3, "adresse"),
        ("text", Fault.UNKNOWN_FILTER, 4, "rot13"),
    ]


@pytest.mark.parametrize(
    ("text", "fault", "line", "detail"),
    [
        ("a\n{{ lieu", Fault.SYNTAX, 2, ""),
        ("a\n{% if lieu %}\nb", Fault.SYNTAX, 3, ""),
        ("a\n{% for x %}{% endfor %}", Fault.SYNTAX, 2, ""),
        ("\n\n{% include 'secret' %}", Fault.UNKNOWN_TAG, 3, "include"),
        ("{% render 'secret' %}", Fault.UNKNOWN_TAG, 1, "render"),
        ("{% capture a %}{% endcapture %}", Fault.UNKNOWN_TAG, 1, "capture"),
        ("{{ lieu | safe }}", Fault.UNKNOWN_FILTER, 1, "safe"),
        ("{{ lieu | replace: '', lieu }}", Fault.UNKNOWN_FILTER, 1, "replace"),
        ("a{{ lieu | truncate: 'x' }}", Fault.FAILED, 1, ""),
    ],
)
def test_what_is_not_allowed_says_so(text: str, fault: Fault, line: int, detail: str) -> None:
    found = faults(text=text)[0]
    if fault is Fault.FAILED:
        assert found[1] in (Fault.FAILED, Fault.SYNTAX)
    else:
        assert found == ("text", fault, line, detail)


DOUBLING = "{% assign a = 'xxxxxxxxxx' %}{% for i in (1..60) %}{% assign a = a | append: a %}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{% for i in (1..1000000000) %}x{% endfor %}", Fault.ENDLESS),
        (
            "{% for i in (1..150) %}{% for j in (1..150) %}x{% endfor %}{% endfor %}",
            Fault.ENDLESS,
        ),
        ("{% for i in (1..200) %}" + "x" * 2_000 + "{% endfor %}", Fault.HUGE),
        (DOUBLING + "{% endfor %}{{ a }}", Fault.HUGE),
        ("{% if lieu %}" * 50 + "x" + "{% endif %}" * 50, Fault.HUGE),
    ],
)
def test_endless_and_huge_templates_are_refused_at_once(text: str, fault: Fault) -> None:
    started = time.process_time()
    assert [each.fault for each in problems(text=text)] == [fault]
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "html", ["<b>x</b>" * 2_000, "{% for i in (1..190) %}" + "<p>" * 20 + "{% endfor %}"]
)
def test_a_page_with_more_tags_than_a_mail_can_have_is_refused(html: str) -> None:
    found = problems(html=html)
    assert [(each.field, each.fault) for each in found] == [("html", Fault.HUGE)]


@pytest.mark.parametrize(
    "text",
    [
        "{% if " + "lieu and " * 2_000 + "lieu %}a{% endif %}",
        "{{ a" + "[a" * 5_000 + "]" * 5_000 + "}}",
        "{{ 'a' | truncate: 99999999999999999999 }}",
        "{% for a in (1..99999999999999999999) %}{{ a }}{% endfor %}",
        "{{ liste_participants | upcase | truncate: -4 }}",
        "x{{ objet.__class__.__mro__ }}",
    ],
)
def test_odd_texts_are_refused_or_rendered_and_nothing_else(text: str) -> None:
    template = replace(PLAIN, html=text)
    with contextlib.suppress(InvalidTemplate):
        templates.check(template)
        assert "class" not in templates.render(template, values_of(SAMPLE, "fr")).html
