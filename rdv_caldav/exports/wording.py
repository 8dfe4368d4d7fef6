"""What exported lists call things, in French and in English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rdv_caldav.domain.appointment import Presence, State
from rdv_caldav.domain.control import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words of one language. ``language`` is its two-letter code."""

    language: str
    title: str
    reference: str
    columns: Mapping[Column, str]
    states: Mapping[State, str]
    presences: Mapping[Presence, str]
    yes: str
    no: str
    all_day: str


FRENCH = Wording(
    language="fr",
    title="Rendez-vous",
    reference="Référence",
    columns={
        Column.DATE: "Date",
        Column.START: "Début",
        Column.END: "Fin",
        Column.TYPE: "Type",
        Column.SUBJECT: "Objet",
        Column.LOCATION: "Lieu",
        Column.STATE: "État",
        Column.OWNER: "Propriétaire",
        Column.PARTICIPANTS: "Participants",
        Column.NOTES: "Notes",
        Column.SERIES: "Série",
        Column.TRASH: "Corbeille",
    },
    states={State.PLANNED: "Planifié", State.HELD: "Tenu", State.CANCELLED: "Annulé"},
    presences={
        Presence.NEEDS_ACTION: "sans réponse",
        Presence.ACCEPTED: "présent",
        Presence.TENTATIVE: "peut-être",
        Presence.DECLINED: "absent",
    },
    yes="oui",
    no="non",
    all_day="journée",
)

ENGLISH = Wording(
    language="en",
    title="Appointments",
    reference="Reference",
    columns={
        Column.DATE: "Date",
        Column.START: "Start",
        Column.END: "End",
        Column.TYPE: "Type",
        Column.SUBJECT: "Subject",
        Column.LOCATION: "Place",
        Column.STATE: "State",
        Column.OWNER: "Owner",
        Column.PARTICIPANTS: "Participants",
        Column.NOTES: "Notes",
        Column.SERIES: "Series",
        Column.TRASH: "Bin",
    },
    states={State.PLANNED: "Planned", State.HELD: "Held", State.CANCELLED: "Cancelled"},
    presences={
        Presence.NEEDS_ACTION: "no answer",
        Presence.ACCEPTED: "attending",
        Presence.TENTATIVE: "maybe",
        Presence.DECLINED: "absent",
    },
    yes="yes",
    no="no",
    all_day="all day",
)

WORDINGS = {each.language: each for each in (FRENCH, ENGLISH)}
