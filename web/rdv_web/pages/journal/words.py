"""Names of what the journal tells of: groups of events, settings, fields."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Events that are looked for together."""

    label: LazyString
    events: frozenset[str]


def _group(label: LazyString, events: str) -> Group:
    return Group(label=label, events=frozenset(events.split()))


GROUPS = {
    "rendez-vous": _group(
        _("Rendez-vous"),
        "Created SubjectChanged NotesChanged TypeChanged Rescheduled Relocated RecurrenceChanged"
        " OccurrenceDetached OccurrenceRejoined OwnershipGiven StateChanged Trashed Restored"
        " ConflictFound CalendarImported AppointmentMended",
    ),
    "participants": _group(
        _("Participants et réponses"),
        "ParticipantAdded ParticipantRemoved PresenceRecorded CommentLeft HiddenFrom",
    ),
    "courriels": _group(
        _("Courriels"),
        "InvitationAsked MessageQueued MailFailed SendingAsked MailHandled MailsStopped"
        " MailsResumed",
    ),
    "fiches": _group(
        _("Fiches"),
        "FicheCreated FicheChanged FicheArchived FicheRestored FichesImported HoursChanged",
    ),
    "comptes": _group(
        _("Comptes et accès"),
        "AccountAdded PasswordChanged LanguageChosen SessionEnded DevicePasswordMade"
        " DevicePasswordRevoked InboxSwitched CalendarFollowed CalendarLeft CalendarMoved"
        " FeedCreated FeedRevoked",
    ),
    "reglages": _group(
        _("Réglages de l’agence"),
        "AgencyPrepared SettingChanged ReminderChosen TypeAdded TypesReordered TemplateAdded"
        " TemplateChanged TemplateTested SectorAdded SectorRenamed",
    ),
    "entretien": _group(
        _("Entretien"),
        "DeletionsForgotten MailsForgotten CountersMended",
    ),
}
"""By their names in URLs. ``TypeChanged`` is of rendez-vous, and of the list of types too."""

SETTINGS = {
    "name": _("Nom de l’agence"),
    "time_zone": _("Fuseau horaire"),
    "scheduling_address": _("Adresse de l’agence"),
    "placeholder_domain": _("Domaine des personnes sans adresse"),
    "public_url": _("Adresse du panneau"),
    "planned_status": _("Statut envoyé pour « Planifié »"),
    "module_enabled": _("Module Rendez-vous"),
    "demo": _("Agence de démonstration"),
    "reset_answers_on_change": _("Réponses redemandées après un changement"),
    "intervenants_edit_own": _("Les intervenants modifient les leurs"),
    "notes_shown_to_clients": _("Notes lues par les clients"),
    "notes_in_mails": _("Notes dans les courriels"),
    "invite_external_guests": _("Invités extérieurs invités d’office"),
    "invite_persons": _("Personnes de l’agence invitées d’office"),
    "notices_beside_calendar": _("Avis à ceux qui synchronisent un agenda"),
    "all_named_in_mails": _("Tous les participants nommés dans les courriels"),
    "language": _("Langue des courriels"),
    "answers_domain": _("Domaine des réponses"),
    "quiet_from": _("Début des heures calmes"),
    "quiet_until": _("Fin des heures calmes"),
    "remind_hours": _("Heures avant le rappel"),
    "remind_by_sms": _("Rappels par SMS"),
    "personal_calendars": _("Agendas personnels"),
    "personal_quota": _("Place par compte, en octets"),
    "personal_collections": _("Agendas personnels par compte"),
    "account_password_on_caldav": _("Mot de passe du compte dans les programmes"),
    "conflict_rules": _("Règles de conflit"),
    "default_reminders": _("Rappels par défaut"),
    "appointment_defaults": _("Valeurs par défaut des rendez-vous"),
    "default_types": _("Types par défaut"),
}
"""By their names in :class:`rdv_caldav.domain.agency.AgencySettings`."""

FIELDS = {
    "label": _("Nom"),
    "category": _("Catégorie"),
    "colour": _("Couleur"),
    "position": _("Place"),
    "active": _("Actif"),
    "name": _("Nom"),
    "subject": _("Objet"),
    "text": _("Texte"),
    "html": _("Texte mis en forme"),
    "is_default": _("Modèle par défaut"),
    "occasion": _("Occasion"),
    "medium": _("Canal"),
    "kind": _("Nature"),
    "last_name": _("Nom de famille"),
    "first_name": _("Prénom"),
    "addresses": _("Adresses e-mail"),
    "home_address": _("Domicile"),
    "sector_id": _("Secteur"),
    "phone": _("Téléphone"),
    "notes": _("Notes"),
    "language": _("Langue"),
    "contact_by": _("Contact préféré"),
    "hours": _("Horaires"),
}
"""What types, templates and fiches have."""
