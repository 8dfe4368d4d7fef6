"""Templates in Liquid, a language that runs no code: checked when saved, rendered when sent.

What a template may do is chosen here, tag by tag and filter by filter. Nothing in the list can
multiply a text without a limit, read a file, or switch escaping off; loops, memory and output
are limited, so that whatever somebody writes, a message costs little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape

from liquid import Environment
from liquid.builtin.content import Literal
from liquid.builtin.filters.misc import default
from liquid.builtin.filters.string import (
    append,
    capitalize,
    downcase,
    newline_to_br,
    prepend,
    squish,
    strip,
    truncate,
    truncatewords,
    upcase,
)
from liquid.builtin.illegal import Illegal
from liquid.builtin.output import Output
from liquid.builtin.tags.assign_tag import AssignTag
from liquid.builtin.tags.case_tag import CaseTag
from liquid.builtin.tags.comment_tag import CommentTag
from liquid.builtin.tags.for_tag import BreakTag, ContinueTag, ForTag
from liquid.builtin.tags.if_tag import IfTag
from liquid.builtin.tags.unless_tag import UnlessTag
from liquid.exceptions import (
    BlockNestingError,
    LiquidError,
    LiquidSyntaxError,
    LocalNamespaceLimitError,
    LoopIterationLimitError,
    OutputStreamLimitError,
    UnknownFilterError,
)
from liquid.static_analysis import Variable
from liquid.template import BoundTemplate

from rdv_caldav.domain.errors import InvalidTemplate
from rdv_caldav.domain.mail_templates import (
    LONGEST_HTML,
    LONGEST_NAME,
    LONGEST_SMS,
    LONGEST_SUBJECT,
    LONGEST_TEXT,
    Fault,
    MailTemplate,
    Medium,
    RenderedMessage,
    TemplateProblem,
)
from rdv_caldav.mail.html import MOST_TAGS
from rdv_caldav.mail.variables import NAMES, SAMPLE, Value, values_of

_TAGS = (
    *(Literal, Output, Illegal, IfTag, UnlessTag, CaseTag, CommentTag),
    *(ForTag, BreakTag, ContinueTag, AssignTag),
)
_FILTERS = {
    "append": append,
    "capitalize": capitalize,
    "default": default,
    "downcase": downcase,
    "newline_to_br": newline_to_br,
    "prepend": prepend,
    "squish": squish,
    "strip": strip,
    "truncate": truncate,
    "truncatewords": truncatewords,
    "upcase": upcase,
}
FILTERS = tuple(_FILTERS)
"""What values can be sent through: ``{{ objet | upcase }}``."""

_LONGEST = {"subject": LONGEST_SUBJECT, "text": LONGEST_TEXT, "html": LONGEST_HTML}
_REQUIRED = frozenset({"subject", "text"})
_TAGS_AROUND = 100
"""Tags that are left for what is put around the html of a template, and after it."""

_FAULTS: tuple[tuple[type[LiquidError], Fault], ...] = (
    (LoopIterationLimitError, Fault.ENDLESS),
    (OutputStreamLimitError, Fault.HUGE),
    (LocalNamespaceLimitError, Fault.HUGE),
    (BlockNestingError, Fault.HUGE),
    (UnknownFilterError, Fault.UNKNOWN_FILTER),
    (LiquidSyntaxError, Fault.SYNTAX),
)
_FAILURES = (LiquidError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
"""What odd arguments and expressions of great depth end in; a mail must survive them all."""

_UNKNOWN_TAG = re.compile(r"unexpected tag '([^']*)'")
_QUOTED = re.compile(r"'([^']*)'")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WHOLE_DOCUMENT = re.compile(r"\s*<(!doctype|html)\b", re.IGNORECASE)


class _Limited(Environment):
    """Only the tags and filters above, within limits."""

    block_nesting_limit = 20
    context_depth_limit = 20
    loop_iteration_limit = 200
    local_namespace_limit = 200_000
    output_stream_limit = 200_000

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002
        """Take what is allowed."""
        for tag in _TAGS:
            self.add_tag(tag)
        for name, function in _FILTERS.items():
            self.add_filter(name, function)


_PLAIN = _Limited()
_HTML = _Limited(autoescape=True)


def check(template: MailTemplate) -> None:
    """Raise InvalidTemplate, with all that is wrong, for one that cannot be used."""
    problems = list(_problems(template))
    if problems:
        words = ", ".join(f"{each.field}:{each.line} {each.fault}" for each in problems)
        raise InvalidTemplate(f"the template cannot be used: {words}", problems=problems)


def render(template: MailTemplate, values: Mapping[str, Value]) -> RenderedMessage:
    """Return a template with ``values`` filled in. Raises InvalidTemplate when it fails.

    Values are escaped in the html, and nowhere else. The subject is one line.
    """
    done = {field: _filled(field, text, values) for field, text in template.fields.items()}
    subject = " ".join(_CONTROLS.sub("", done.get("subject", "")).split())[:LONGEST_SUBJECT]
    text = _CONTROLS.sub("", done["text"].replace("\r\n", "\n")).strip()
    if not text or (not subject and template.medium is Medium.MAIL):
        field = "subject" if text else "text"
        problem = TemplateProblem(field=field, fault=Fault.EMPTY)
        raise InvalidTemplate(f"the {field} comes out empty", problems=[problem])
    html = _CONTROLS.sub("", done.get("html", ""))
    if html.count("<") > MOST_TAGS - _TAGS_AROUND:
        problem = TemplateProblem(field="html", fault=Fault.HUGE)
        raise InvalidTemplate("the html has too many tags for a mail", problems=[problem])
    return RenderedMessage(
        subject=subject,
        text=text + "\n",
        html=_document(html, subject, template.language) if html.strip() else "",
    )


def _document(html: str, title: str, language: str) -> str:
    """Put a frame around html that has none, so that phones show it in their own width."""
    if _WHOLE_DOCUMENT.match(html):
        return html
    return (
        f'<!doctype html>\n<html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title></head>\n<body style="margin:0">\n{html}\n</body></html>\n'
    )


def _filled(field: str, text: str, values: Mapping[str, Value]) -> str:
    try:
        return _parsed(field, text).render(**values)
    except _FAILURES as error:
        problem = _problem(field, text, error)
    raise InvalidTemplate(f"the {field} cannot be rendered: {problem.fault}", problems=[problem])


def _parsed(field: str, text: str) -> BoundTemplate:
    return (_HTML if field == "html" else _PLAIN).from_string(text)


# -- what is wrong ------------------------------------------------------------------------


def _problems(template: MailTemplate) -> Iterator[TemplateProblem]:
    if not template.name.strip():
        yield TemplateProblem(field="name", fault=Fault.EMPTY)
    elif len(template.name) > LONGEST_NAME:
        yield TemplateProblem(field="name", fault=Fault.TOO_LONG, detail=str(LONGEST_NAME))
    sound = True
    for field, text in template.fields.items():
        for problem in _problems_of_field(template, field, text):
            sound = False
            yield problem
    if sound:
        try:
            render(template, values_of(SAMPLE, template.language))
        except InvalidTemplate as error:
            yield from error.problems


def _problems_of_field(template: MailTemplate, field: str, text: str) -> Iterator[TemplateProblem]:
    longest = LONGEST_SMS if template.medium is Medium.SMS else _LONGEST[field]
    if field in _REQUIRED and not text.strip():
        yield TemplateProblem(field=field, fault=Fault.EMPTY)
    elif len(text) > longest:
        yield TemplateProblem(field=field, fault=Fault.TOO_LONG, detail=str(longest))
    elif field == "subject" and len(text.strip().splitlines()) > 1:
        yield TemplateProblem(field=field, fault=Fault.SEVERAL_LINES)
    else:
        yield from _problems_of_language(field, text)


def _problems_of_language(field: str, text: str) -> Iterator[TemplateProblem]:
    """Yield what is wrong in parts that a rendering may never reach, too."""
    try:
        analysis = _parsed(field, text).analyze(include_partials=False)
    except _FAILURES as error:
        yield _problem(field, text, error)
        return
    for faults, known, found in (
        (Fault.UNKNOWN_VARIABLE, NAMES, analysis.globals),
        (Fault.UNKNOWN_FILTER, _FILTERS, analysis.filters),
    ):
        for name, places in found.items():
            if name not in known:
                first = places[0]
                index = first.span.index if isinstance(first, Variable) else first.index
                line = text.count("\n", 0, index) + 1
                yield TemplateProblem(field=field, fault=faults, line=line, detail=name)


def _problem(field: str, text: str, error: Exception) -> TemplateProblem:
    if not isinstance(error, LiquidError):
        return TemplateProblem(field=field, fault=Fault.FAILED)
    place = error.context()
    # what is never closed is noticed at the end only
    line = place[0] if place else len(text.splitlines())
    message = str(error.message)
    tag = _UNKNOWN_TAG.match(message)
    if tag:
        return TemplateProblem(field=field, fault=Fault.UNKNOWN_TAG, line=line, detail=tag[1])
    fault = next((fault for kind, fault in _FAULTS if isinstance(error, kind)), Fault.FAILED)
    quoted = _QUOTED.search(message)
    detail = quoted[1] if fault is Fault.UNKNOWN_FILTER and quoted else ""
    return TemplateProblem(field=field, fault=fault, line=line, detail=detail)
