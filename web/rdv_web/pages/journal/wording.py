"""Entries of the whole journal in words: those of rendez-vous as their history says them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext, lazy_gettext

from rdv_caldav.db.journal import JournalEntry
from rdv_caldav.domain.agency import AppointmentType, Person, Sector
from rdv_web.formats import moment
from rdv_web.pages.appointments.wording import Historian
from rdv_web.pages.journal.words import FIELDS, SETTINGS


def _(text: str, **values: object) -> str:
    return str(gettext(text, **values))


LONGEST_VALUE = 300
"""Characters of a value that are shown: a template's text has thousands."""

TOLD = {
    "AccountAdded": lazy_gettext("Compte ajouté : %(login)s (%(role)s)"),
    "AgencyPrepared": lazy_gettext("Agence préparée : %(name)s"),
    "AppointmentMended": lazy_gettext("Rendez-vous n° %(id)s réparé : %(faults)s défauts"),
    "CalendarFollowed": lazy_gettext("Agenda suivi : %(slug)s"),
    "CalendarImported": lazy_gettext("Agenda importé : %(slug)s, %(created)s rendez-vous"),
    "CalendarLeft": lazy_gettext("Agenda qui n’est plus suivi : %(slug)s"),
    "CalendarMoved": lazy_gettext("Agenda monté dans la liste : %(slug)s"),
    "CountersMended": lazy_gettext(
        "Compteurs réparés : %(calendars)s agendas, %(accounts)s comptes"
    ),
    "DeletionsForgotten": lazy_gettext("Suppressions oubliées : %(number)s, d’avant le %(before)s"),
    "DevicePasswordMade": lazy_gettext("Mot de passe d’appareil créé : « %(label)s »"),
    "DevicePasswordRevoked": lazy_gettext(
        "Mot de passe d’appareil révoqué : « %(label)s » (compte %(login)s)"
    ),
    "FeedCreated": lazy_gettext("Flux créé : agenda de %(person)s, « %(label)s »"),
    "FeedRevoked": lazy_gettext("Flux révoqué : agenda de %(person)s, « %(label)s »"),
    "FicheArchived": lazy_gettext("Fiche archivée : %(person)s"),
    "FicheCreated": lazy_gettext("Fiche créée : %(person)s"),
    "FicheRestored": lazy_gettext("Fiche sortie des archives : %(person)s"),
    "FichesImported": lazy_gettext(
        "Fiches importées : %(created)s créées, %(updated)s modifiées (%(slugs)s)"
    ),
    "HoursChanged": lazy_gettext("Horaires modifiés : %(person)s"),
    "LanguageChosen": lazy_gettext("Langue du compte : %(language)s"),
    "MailsForgotten": lazy_gettext(
        "Textes de courriels effacés : %(number)s, d’avant le %(before)s"
    ),
    "MailsResumed": lazy_gettext("Courriels de nouveau acceptés par %(address)s"),
    "MailsStopped": lazy_gettext("Courriels refusés par %(address)s"),
    "PasswordChanged": lazy_gettext("Mot de passe du compte changé"),
    "SectorAdded": lazy_gettext("Secteur ajouté : %(name)s"),
    "SessionEnded": lazy_gettext("Session fermée : %(browser)s"),
    "TemplateTested": lazy_gettext("Modèle « %(template)s » essayé, envoyé à %(recipient)s"),
    "TypeAdded": lazy_gettext("Type de rendez-vous ajouté : %(label)s"),
    "TypesReordered": lazy_gettext("Types de rendez-vous rangés : %(order)s"),
}
"""Events that are told by one sentence with what they keep."""

_INSTANTS = frozenset({"DeletionsForgotten", "MailsForgotten"})
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError)


class Chronicler(Historian):
    """Says what every entry means; one that cannot be read is shown by its name."""

    def __init__(
        self,
        persons: Mapping[int, Person],
        types: Sequence[AppointmentType],
        sectors: Sequence[Sector],
    ) -> None:
        """Remember who and what is named."""
        super().__init__(persons, types)
        self._sectors = {sector.id: sector.name for sector in sectors}

    def sentence(self, entry: JournalEntry) -> str:
        """Return an entry in words, with what was before and what came after."""
        try:
            if entry.event in TOLD:
                return str(TOLD[entry.event]) % self._values(entry)
            return super().sentence(entry)
        except _UNREADABLE:
            # an older version may have kept something else
            return entry.event

    def value(self, kept: object) -> str:
        """Return a kept value as people read it: never as a program writes it."""
        if isinstance(kept, bool):
            return _("oui") if kept else _("non")
        if isinstance(kept, Mapping):
            parts = (
                f"{FIELDS.get(name, name)} : {self.value(each)}" for name, each in kept.items()
            )
            return ", ".join(parts)
        if isinstance(kept, list | tuple):
            return " ; ".join(self.value(each) for each in kept)
        text = "" if kept is None else str(kept)
        return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"

    def _values(self, entry: JournalEntry) -> dict[str, str]:
        told = {name: self.value(each) for name, each in entry.details.items()}
        if "person" in entry.details:
            known = self._persons.get(entry.details["person"])
            told["person"] = known.name if known else told.get("slug", _("une personne supprimée"))
        if entry.event in _INSTANTS:
            told["before"] = moment(datetime.fromisoformat(told["before"]))
        return {"label": "", "slug": "", "login": entry.login, **told}

    def _differences(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
        for name in dict.fromkeys((*before, *after)):
            old, new = before.get(name), after.get(name)
            if old != new:
                label = str(FIELDS.get(name, name))
                yield self._from_to(label, self.value(old), self.value(new))

    # one method an event, called by its name in the journal

    def _SettingChanged(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        name = details["name"]
        before, after = (details.get(each) for each in ("before", "after"))
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            changed = " ; ".join(self._differences(before, after))
            return f"{SETTINGS.get(name, name)} : {changed}"
        what = str(SETTINGS.get(name, name))
        return self._from_to(what, self.value(before), self.value(after))

    def _ReminderChosen(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        code = details["type"]
        what = _("Minutes de rappel, « %(type)s »", type=self._types.get(code, code))
        before, after = (self.value(details.get(each)) for each in ("before", "after"))
        return self._from_to(what, before, after)

    def _SectorRenamed(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        return self._from_to(_("Secteur"), details["before"], details["after"])

    def _InboxSwitched(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        login = details["login"]
        if details["on"]:
            return _("Notifications dans l’agenda activées : %(login)s", login=login)
        return _("Notifications dans l’agenda désactivées : %(login)s", login=login)

    def _TypeChanged(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        before, after = details["before"], details["after"]
        if not isinstance(before, Mapping):
            return super()._TypeChanged(details)
        what = _("Type de rendez-vous « %(label)s »", label=before["label"])
        return f"{what} : {' ; '.join(self._differences(before, after))}"

    def _TemplateAdded(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        return _("Modèle ajouté : « %(name)s »", name=details["template"]["name"])

    def _TemplateChanged(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        before, after = details["before"], details["after"]
        what = _("Modèle « %(name)s »", name=before["name"])
        return f"{what} : {' ; '.join(self._differences(before, after))}"

    def _FicheChanged(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        known = self._persons.get(details["person"])
        what = _("Fiche de %(name)s", name=known.name if known else details["slug"])
        told = " ; ".join(self._field_changed(*change) for change in details["changes"].items())
        return f"{what} : {told}"

    def _field_changed(self, name: str, change: object) -> str:
        label = str(FIELDS.get(name, name))
        if not isinstance(change, list):
            return _("%(what)s modifiés", what=label)
        before, after = change
        if name == "sector_id":
            before, after = (self._sectors.get(each, each) for each in change)
        return self._from_to(label, self.value(before), self.value(after))
