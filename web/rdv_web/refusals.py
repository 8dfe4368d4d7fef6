"""From refusals to what a page says: the one table of the web edge.

A test walks all DomainErrors and fails when one has no words here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from rdv_caldav.domain import errors
from rdv_caldav.domain.errors import DomainError


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status, and the sentence for the person who asked."""

    status: HTTPStatus
    words: LazyString


_GONE = Refusal(HTTPStatus.NOT_FOUND, _("Cette page n’existe pas, ou vous n’y avez pas accès."))
_CONFLICT = HTTPStatus.CONFLICT
_INVALID = HTTPStatus.UNPROCESSABLE_ENTITY

REFUSALS: Mapping[type[DomainError], Refusal] = {
    errors.UnknownCalendar: _GONE,
    errors.UnknownObject: _GONE,
    errors.ModuleOff: Refusal(
        HTTPStatus.NOT_FOUND, _("Le module Rendez-vous est désactivé dans « Mes options ».")
    ),
    errors.AccessRefused: Refusal(HTTPStatus.FORBIDDEN, _("Vous n’avez pas accès à cette page.")),
    errors.TooManyAttempts: Refusal(
        HTTPStatus.TOO_MANY_REQUESTS, _("Trop de mots de passe incorrects. Réessayez plus tard.")
    ),
    errors.EditRefused: Refusal(
        HTTPStatus.FORBIDDEN, _("Vous pouvez lire ce rendez-vous, mais pas le modifier.")
    ),
    errors.RuleBroken: Refusal(_INVALID, _("Une règle des rendez-vous ne le permet pas.")),
    errors.OwnerMissing: Refusal(
        _INVALID, _("Un rendez-vous a au moins un participant, dont un propriétaire.")
    ),
    errors.OwnerCannotLeave: Refusal(
        _INVALID,
        _(
            "Le propriétaire ne peut pas être retiré : donnez d’abord l’étoile à un autre "
            "participant."
        ),
    ),
    errors.NotAParticipant: Refusal(_INVALID, _("Cette personne ne participe pas au rendez-vous.")),
    errors.NotBegun: Refusal(
        _INVALID, _("Un rendez-vous ne peut être marqué Tenu qu’une fois commencé.")
    ),
    errors.AlreadyOver: Refusal(
        _INVALID, _("Ce rendez-vous est passé : plus aucun message n’est envoyé à son sujet.")
    ),
    errors.Conflicting: Refusal(_CONFLICT, _("Ce rendez-vous est en conflit avec un autre.")),
    errors.UnknownType: Refusal(_INVALID, _("Ce type de rendez-vous n’existe pas.")),
    errors.LastDate: Refusal(
        _INVALID,
        _("C’est la dernière date de la série : mettez plutôt la série à la corbeille."),
    ),
    errors.UnknownOccurrence: Refusal(_INVALID, _("La série n’a pas de rendez-vous à cette date.")),
    errors.PreconditionFailed: Refusal(
        _CONFLICT, _("Quelqu’un d’autre a modifié ce rendez-vous entre-temps.")
    ),
    errors.UidConflict: Refusal(
        _CONFLICT, _("Un autre rendez-vous a repris cet identifiant entre-temps.")
    ),
    errors.LostRace: Refusal(_CONFLICT, _("Quelqu’un d’autre écrivait au même moment. Réessayez.")),
    errors.HrefTaken: Refusal(_CONFLICT, _("Un autre rendez-vous occupe déjà cette place.")),
    errors.PersonalCalendarsOff: Refusal(
        HTTPStatus.FORBIDDEN, _("L’agence ne propose pas d’agendas personnels.")
    ),
    errors.PlaceTaken: Refusal(_CONFLICT, _("Ce nom est déjà pris.")),
    errors.ParentMissing: Refusal(_CONFLICT, _("L’agenda ou le dossier n’existe plus.")),
    errors.CollectionRefused: Refusal(_INVALID, _("Un agenda ne contient pas de dossiers.")),
    errors.QuotaExceeded: Refusal(_INVALID, _("La place réservée à ce compte est épuisée.")),
    errors.CalendarDataRefused: Refusal(_INVALID, _("Ces données d’agenda sont inutilisables.")),
    errors.TooLarge: Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("C’est trop long pour un rendez-vous.")
    ),
    errors.TooManyInstances: Refusal(_INVALID, _("Cette répétition donne trop de dates.")),
    errors.TooManyAttendees: Refusal(_INVALID, _("Il y a trop de participants.")),
    errors.DateOutOfRange: Refusal(_INVALID, _("Cette date est hors des limites de l’agenda.")),
    errors.LoginTaken: Refusal(_CONFLICT, _("Cet identifiant est déjà pris.")),
    errors.InvalidInput: Refusal(_INVALID, _("Cette valeur ne peut pas être utilisée.")),
    errors.SchemaMismatch: Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE, _("Le serveur est en cours de mise à jour.")
    ),
    errors.SyncTokenExpired: Refusal(_CONFLICT, _("Cet agenda est à relire entièrement.")),
    errors.DemoRefused: Refusal(
        HTTPStatus.FORBIDDEN, _("L’agence de démonstration ne le permet pas.")
    ),
}


def refusal_of(error: DomainError) -> Refusal:
    """Return what is said to an error: that of its own type, else of the nearest above."""
    for kind in type(error).__mro__:
        if kind in REFUSALS:
            return REFUSALS[kind]
    raise LookupError(f"no words for {type(error).__name__}")
