"""Templates of mails and text messages: the agency's own, and those that are shipped.

For whoever writes to participants: :func:`offered` lists what can be chosen, :func:`find` takes
a choice (its ``key``) up again, :func:`standard` is the one for an occasion, and
:func:`rdv_caldav.services.template_filling.compose` fills it in for one recipient. For the pages
of administrateurs: :func:`listing`, :func:`create`, :func:`change`, :func:`duplicate`,
:func:`retire`, :func:`choose_default`. Each change is in the journal.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Role
from rdv_caldav.domain.errors import AccessRefused, InvalidInput, UnknownObject
from rdv_caldav.domain.mail_templates import LONGEST_NAME, MailTemplate, Medium, Occasion
from rdv_caldav.mail import templates
from rdv_caldav.mail.shipped import shipped, shipped_for
from rdv_caldav.mail.variables import VARIABLES, Variable
from rdv_caldav.services.access import Actor
from rdv_caldav.services.audit import record_change

__all__ = ["FILTERS", "VARIABLES", "Variable", "shipped"]

FILTERS = templates.FILTERS
MOST_TEMPLATES = 200


# -- choosing one -------------------------------------------------------------------------


def listing(tx: Transaction, actor: Actor) -> list[MailTemplate]:
    """Return the agency's own templates, retired ones too. Raises AccessRefused."""
    check_administrator(actor)
    return tx.mail_templates.all()


def offered(tx: Transaction, *, medium: Medium = Medium.MAIL) -> list[MailTemplate]:
    """Return what can be chosen to write with: the agency's own, then the shipped ones."""
    own = [each for each in tx.mail_templates.all() if each.active]
    return [each for each in (*own, *shipped()) if each.medium is medium]


def find(tx: Transaction, key: str) -> MailTemplate:
    """Return the template that a key names, own or shipped. Raises UnknownObject."""
    if key.isascii() and key.isdigit() and len(key) < len(str(2**31)):
        found = tx.mail_templates.get(int(key))
    else:
        found = next((each for each in shipped() if each.key == key), None)
    if found is None:
        raise UnknownObject(f"no template {key[:50]!r}")
    return found


def standard(
    tx: Transaction, occasion: Occasion, language: str = "fr", medium: Medium = Medium.MAIL
) -> MailTemplate:
    """Return the agency's template for an occasion, the shipped one if it chose none."""
    own = tx.mail_templates.default(occasion, language, medium)
    return own or shipped_for(occasion, language, medium)


# -- changing them ------------------------------------------------------------------------


def create(tx: Transaction, actor: Actor, template: MailTemplate, *, now: datetime) -> MailTemplate:
    """Store a new template and return it with its id; ``now`` is aware.

    Raises AccessRefused, InvalidTemplate, and InvalidInput where there are too many.
    """
    check_administrator(actor)
    if len(tx.mail_templates.all()) >= MOST_TEMPLATES:
        raise InvalidInput(f"an agency keeps {MOST_TEMPLATES} templates at most")
    template = tidied(dataclasses.replace(template, id=0, is_default=False, active=True))
    templates.check(template)
    kept = dataclasses.replace(template, id=tx.mail_templates.add(template))
    record_change(tx, actor, "TemplateAdded", {"template": kept}, now=now)
    return kept


def change(tx: Transaction, actor: Actor, template: MailTemplate, *, now: datetime) -> None:
    """Store the texts, name, occasion and language of a template.

    One that serves another occasion or language than before is no default there.
    Raises AccessRefused, UnknownObject, InvalidTemplate.
    """
    before = _own(tx, actor, template.id)
    after = tidied(
        dataclasses.replace(
            template,
            medium=before.medium,
            active=before.active,
            is_default=before.is_default and template.use == before.use,
        )
    )
    templates.check(after)
    _save(tx, actor, before, after, now=now)


def duplicate(tx: Transaction, actor: Actor, key: str, name: str, *, now: datetime) -> MailTemplate:
    """Store a copy of an own or shipped template under a name, cut where it is too long.

    Raises AccessRefused, UnknownObject, InvalidInput.
    """
    return create(tx, actor, dataclasses.replace(find(tx, key), name=name[:LONGEST_NAME]), now=now)


def retire(
    tx: Transaction, actor: Actor, template_id: int, *, active: bool, now: datetime
) -> MailTemplate:
    """Take a template out of the lists that are chosen from, or bring it back, and return it.

    A retired one is no default. Raises AccessRefused, UnknownObject.
    """
    before = _own(tx, actor, template_id)
    after = dataclasses.replace(before, active=active, is_default=before.is_default and active)
    _save(tx, actor, before, after, now=now)
    return after


def choose_default(
    tx: Transaction, actor: Actor, template_id: int, *, chosen: bool, now: datetime
) -> MailTemplate:
    """Take a template for its occasion, language and medium, or the shipped one; return it.

    Raises AccessRefused, UnknownObject, InvalidInput for a retired one.
    """
    before = _own(tx, actor, template_id)
    if chosen and not before.active:
        raise InvalidInput("a retired template is no default")
    after = dataclasses.replace(before, is_default=chosen)
    if after != before:
        tx.mail_templates.choose_default(before, chosen=chosen)
        _record_change(tx, actor, before, after, now=now)
    return after


def _own(tx: Transaction, actor: Actor, template_id: int) -> MailTemplate:
    check_administrator(actor)
    found = tx.mail_templates.get(template_id)
    if found is None:
        raise UnknownObject(f"no template {template_id}")
    return found


def _save(
    tx: Transaction, actor: Actor, before: MailTemplate, after: MailTemplate, *, now: datetime
) -> None:
    if after != before:
        tx.mail_templates.save(after)
        _record_change(tx, actor, before, after, now=now)


def _record_change(
    tx: Transaction, actor: Actor, before: MailTemplate, after: MailTemplate, *, now: datetime
) -> None:
    told = {"before": before, "after": after}
    record_change(tx, actor, "TemplateChanged", told, now=now)


def tidied(template: MailTemplate) -> MailTemplate:
    """Return a template as it is kept: one kind of line ends, only the fields of its medium."""
    mail = template.medium is Medium.MAIL
    return dataclasses.replace(
        template,
        name=" ".join(template.name.split()),
        subject=template.subject.strip() if mail else "",
        text=template.text.replace("\r\n", "\n").strip(),
        html=template.html.replace("\r\n", "\n").strip() if mail else "",
    )


def check_administrator(actor: Actor) -> None:
    """Raise AccessRefused for everybody else."""
    if actor.account.role is not Role.ADMINISTRATEUR:
        raise AccessRefused("only an administrateur writes templates")
