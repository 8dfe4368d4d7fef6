"""The form of a fiche."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice

from rdv_caldav.domain.agency import Person, PersonKind, Sector
from rdv_caldav.domain.fiches import Complaint, Fiche, Problem
from rdv_caldav.domain.mailing import ContactBy
from rdv_caldav.ical.availability import Hours
from rdv_caldav.services.people import FicheDraft
from rdv_caldav.services.people_csv import split_addresses
from rdv_web import formats
from rdv_web.forms import Form, refuse
from rdv_web.languages import LANGUAGES

_WORDS: Mapping[Problem, LazyString] = {
    Problem.MISSING: lazy_gettext("Indiquez un nom."),
    Problem.TOO_LONG: lazy_gettext("C’est trop long."),
    Problem.UNPRINTABLE: lazy_gettext("Il y a là un caractère qui ne s’imprime pas."),
    Problem.AGENCY_ADDRESS: lazy_gettext("Cette adresse est celle de l’agence elle-même."),
    Problem.SECTOR: lazy_gettext("Choisissez un de vos secteurs."),
    Problem.KIND: lazy_gettext("Le type est client, intervenant ou gestionnaire."),
    Problem.SLUG: lazy_gettext(
        "Un identifiant n’a que des minuscules sans accent, des chiffres et des tirets."
    ),
    Problem.LANGUAGE: lazy_gettext("La langue est fr ou en."),
    Problem.CONTACT_BY: lazy_gettext(
        "On joint une personne par « e-mail », « SMS », « ne pas écrire » ou « agence »."
    ),
    Problem.SURPLUS: lazy_gettext("La ligne a plus de cellules que la première ligne."),
    Problem.HOURS: lazy_gettext(
        "Les horaires s’écrivent comme « lu-ve 8h-12h 14h-18h; sa 9h-12h »."
    ),
}


def words_of(complaint: Complaint) -> str:
    """Return what is wrong, for the person who typed it."""
    about = complaint.about
    if complaint.problem is Problem.ADDRESS:
        return str(_("« %(address)s » n’est pas une adresse e-mail.", address=about))
    if complaint.problem is Problem.SEVERAL:
        return str(
            _(
                "Plusieurs personnes s’appellent %(name)s : la colonne Identifiant doit dire "
                "laquelle.",
                name=about,
            )
        )
    if complaint.problem is Problem.TWICE:
        return str(
            _(
                "La même personne qu’à la ligne %(line)s : des homonymes ont besoin d’un "
                "identifiant.",
                line=about,
            )
        )
    return str(_WORDS[complaint.problem])


CONTACTS: Mapping[ContactBy, LazyString] = {
    ContactBy.AGENCY: lazy_gettext("Selon l’agence"),
    ContactBy.MAIL: lazy_gettext("E-mail"),
    ContactBy.SMS: lazy_gettext("SMS"),
    ContactBy.NONE: lazy_gettext("Ne pas écrire"),
}


class FicheForm(Form):
    """A fiche; working hours are fields of their own."""

    last_name = StringField(lazy_gettext("Nom"))
    first_name = StringField(lazy_gettext("Prénom"))
    kind = SelectField(lazy_gettext("Type de fiche"))
    sector = SelectField(lazy_gettext("Secteur"))
    addresses = TextAreaField(lazy_gettext("Adresses e-mail"))
    phone = StringField(lazy_gettext("Téléphone"))
    language = SelectField(lazy_gettext("Langue des messages"), default="")
    contact_by = SelectField(lazy_gettext("Joindre par"), default="")
    home_address = TextAreaField(lazy_gettext("Adresse postale"))
    notes = TextAreaField(lazy_gettext("Notes internes"))
    confirm = BooleanField(lazy_gettext("Créer quand même une autre fiche"))
    version = HiddenField()

    def offer(self, sectors: Sequence[Sector]) -> None:
        """Offer what can be chosen."""
        self.kind.choices = [SelectChoice(kind.value, formats.KINDS[kind]) for kind in PersonKind]
        none = SelectChoice("", _("Aucun secteur"))
        self.sector.choices = [none, *(SelectChoice(str(s.id), s.name) for s in sectors)]
        agency = SelectChoice("", _("Celle de l’agence"))
        self.language.choices = [agency, *(SelectChoice(*each) for each in LANGUAGES.items())]
        self.contact_by.choices = [SelectChoice(by.value, CONTACTS[by]) for by in ContactBy]

    def show(self, fiche: Fiche, version: str) -> None:
        """Fill in what a fiche says."""
        person: Person = fiche.person
        self.last_name.data, self.first_name.data = person.last_name, person.first_name
        self.kind.data, self.sector.data = person.kind.value, str(person.sector_id or "")
        self.addresses.data = "\n".join(person.addresses)
        self.phone.data, self.notes.data = fiche.phone, fiche.notes
        self.home_address.data = person.home_address
        self.language.data, self.contact_by.data = fiche.language, fiche.contact_by.value
        self.version.data = version

    def draft(self, hours: Hours | None) -> FicheDraft:
        """Return what the form says, once it is valid."""
        return FicheDraft(
            kind=PersonKind(self.kind.data),
            last_name=self.last_name.data or "",
            first_name=self.first_name.data or "",
            addresses=split_addresses(self.addresses.data or ""),
            phone=self.phone.data or "",
            home_address=self.home_address.data or "",
            sector_id=int(self.sector.data) if self.sector.data else None,
            notes=self.notes.data or "",
            hours=hours,
            language=self.language.data or "",
            contact_by=ContactBy(self.contact_by.data or ""),
        )

    def refuse(self, problems: Mapping[str, Complaint]) -> None:
        """Say beside each field what is wrong with it."""
        for name, complaint in problems.items():
            refuse(self[name.removesuffix("_id")], words_of(complaint))
