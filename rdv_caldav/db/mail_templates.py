"""The agency's own texts of mails and text messages."""

from __future__ import annotations

import dataclasses

from sqlalchemy import Connection, and_, bindparam, func, insert, select, update

from rdv_caldav.db.mail_template_schema import MailTemplateRow
from rdv_caldav.db.mapping import Row
from rdv_caldav.domain.mail_templates import MailTemplate, Medium, Occasion

_ALL = select(MailTemplateRow.__table__).order_by(
    MailTemplateRow.medium,
    MailTemplateRow.occasion,
    MailTemplateRow.language.desc(),
    func.lower(MailTemplateRow.name),
    MailTemplateRow.id,
)
_BY_ID = select(MailTemplateRow.__table__).where(MailTemplateRow.id == bindparam("id"))
_OF_USE = and_(
    MailTemplateRow.occasion == bindparam("of_occasion"),
    MailTemplateRow.language == bindparam("of_language"),
    MailTemplateRow.medium == bindparam("of_medium"),
)
_DEFAULT = (
    select(MailTemplateRow.__table__)
    .where(_OF_USE, MailTemplateRow.is_default, MailTemplateRow.active)
    .order_by(MailTemplateRow.id)
    .limit(1)
)


class MailTemplates:
    """Reads and writes templates as domain values; those that are shipped are not here."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def all(self) -> list[MailTemplate]:
        """Return all of them, retired ones too, by medium, occasion, language and name."""
        return [_template(row) for row in self._connection.execute(_ALL)]

    def get(self, template_id: int) -> MailTemplate | None:
        """Return the template with this id."""
        row = self._connection.execute(_BY_ID, {"id": template_id}).one_or_none()
        return None if row is None else _template(row)

    def default(self, occasion: Occasion, language: str, medium: Medium) -> MailTemplate | None:
        """Return the one that the agency takes for this, None for the shipped one."""
        use = _use(occasion, language, medium)
        row = self._connection.execute(_DEFAULT, use).one_or_none()
        return None if row is None else _template(row)

    def add(self, template: MailTemplate) -> int:
        """Store a new template and return its id."""
        adding = insert(MailTemplateRow).values(_values(template)).returning(MailTemplateRow.id)
        return self._connection.execute(adding).scalar_one()

    def save(self, template: MailTemplate) -> None:
        """Store the next state of a known template."""
        self._connection.execute(
            update(MailTemplateRow)
            .where(MailTemplateRow.id == template.id)
            .values(_values(template))
        )

    def choose_default(self, template: MailTemplate, *, chosen: bool) -> None:
        """Make a template the only default of its use, or leave that to the shipped one."""
        # one statement: two who choose at once leave one default, not two
        self._connection.execute(
            update(MailTemplateRow)
            .where(_OF_USE)
            .values(is_default=(MailTemplateRow.id == template.id) if chosen else False),
            _use(*template.use),
        )


def _use(occasion: Occasion, language: str, medium: Medium) -> dict[str, str]:
    return {
        "of_occasion": occasion.value,
        "of_language": language,
        "of_medium": medium.value,
    }


def _values(template: MailTemplate) -> dict[str, object]:
    values = dataclasses.asdict(template)
    del values["id"]
    return values | {"occasion": template.occasion.value, "medium": template.medium.value}


def _template(row: Row) -> MailTemplate:
    return MailTemplate(
        id=row.id,
        name=row.name,
        occasion=Occasion(row.occasion),
        language=row.language,
        medium=Medium(row.medium),
        subject=row.subject,
        text=row.text,
        html=row.html,
        is_default=row.is_default,
        active=row.active,
    )
