"""States, outcomes and reasons of mails in words."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _

from rdv_caldav.db.outbox import SKIPPED, UNSURE, OutboxMessage
from rdv_caldav.domain.replies import MatchReason
from rdv_caldav.services.mailing.human_queue import Handling
from rdv_caldav.services.mailing.outcomes import Reason, Result
from rdv_caldav.services.mailing.relevance import Reason as SkipReason

Words = Mapping[str, LazyString]

STATUSES: Words = {
    "queued": lazy_gettext("en attente"),
    "sending": lazy_gettext("en cours d’envoi"),
    "retry": lazy_gettext("nouvel essai prévu"),
    "sent": lazy_gettext("envoyé"),
    "failed": lazy_gettext("échec"),
    "bounced": lazy_gettext("revenu (non remis)"),
    "skipped": lazy_gettext("ignoré"),
}
METHODS: Words = {
    "REQUEST": lazy_gettext("Invitation"),
    "CANCEL": lazy_gettext("Annulation"),
    "NOTICE": lazy_gettext("Avis"),
    "REMINDER": lazy_gettext("Rappel"),
    "MESSAGE": lazy_gettext("Message libre"),
    "TEST": lazy_gettext("Essai"),
}
MEDIA: Words = {"mail": lazy_gettext("E-mail"), "sms": lazy_gettext("SMS")}
SOURCES: Words = {
    "imap": lazy_gettext("boîte de réception (IMAP)"),
    "lmtp": lazy_gettext("serveur de courrier (LMTP)"),
    "pipe": lazy_gettext("commande « mail receive »"),
}
SKIPS: Words = {
    SkipReason.GONE: lazy_gettext("le rendez-vous, ou sa date, n’existe plus"),
    SkipReason.STOPPED: lazy_gettext("cette adresse ne veut plus de messages de l’agence"),
    SkipReason.SUPERSEDED: lazy_gettext("un message plus récent à la même personne le remplace"),
    SkipReason.ALREADY_TOLD: lazy_gettext("un message déjà parti le disait"),
    SkipReason.NEVER_INVITED: lazy_gettext("l’annulation de ce dont la personne n’avait rien su"),
    SkipReason.CANCELLED: lazy_gettext("le rendez-vous est annulé, ou à la corbeille"),
    SkipReason.OVER: lazy_gettext("le rendez-vous est passé, ou commencé pour un rappel"),
    SkipReason.NOT_TAKING_PART: lazy_gettext("la personne ne participe plus, ou a refusé"),
    SkipReason.UNREACHABLE: lazy_gettext(
        "la fiche est archivée, sans adresse, ou demande de ne pas écrire"
    ),
}
RESULTS: Words = {
    Result.APPLIED: lazy_gettext("réponse enregistrée"),
    Result.PROPOSAL: lazy_gettext("autre horaire proposé"),
    Result.QUEUED: lazy_gettext("à examiner"),
    Result.OUTDATED: lazy_gettext("réponse à un ancien horaire"),
    Result.OUT_OF_ORDER: lazy_gettext("réponse dépassée"),
    Result.DUPLICATE: lazy_gettext("déjà reçu"),
    Result.REFRESH: lazy_gettext("invitation redemandée"),
    Result.BOUNCE: lazy_gettext("avis de non-remise"),
    Result.AUTO_REPLY: lazy_gettext("réponse automatique"),
    Result.IGNORED: lazy_gettext("rien à faire"),
}
REASONS: Words = {
    Reason.UNKNOWN_APPOINTMENT: lazy_gettext("Aucun rendez-vous ne correspond à cette réponse."),
    Reason.OTHER_APPOINTMENT: lazy_gettext(
        "La réponse nomme un autre rendez-vous que celui auquel elle a été envoyée."
    ),
    Reason.CANCELLED: lazy_gettext("Le rendez-vous, ou cette date, est annulé ou à la corbeille."),
    Reason.OVER: lazy_gettext("Le rendez-vous est passé."),
    Reason.NOT_TAKING_PART: lazy_gettext(
        "Cette personne ne participe pas (ou plus) au rendez-vous."
    ),
    Reason.UNKNOWN_DATE: lazy_gettext("La série n’a pas de rendez-vous à la date nommée."),
    Reason.WHICH_DATE: lazy_gettext(
        "La personne est invitée à plusieurs dates et ne dit pas de laquelle elle parle."
    ),
    Reason.LATER_DATES: lazy_gettext(
        "La réponse vaut pour une date et toutes les suivantes : à reporter date par date."
    ),
    Reason.DELEGATED: lazy_gettext("La personne envoie quelqu’un d’autre à sa place."),
    Reason.NO_ANSWER: lazy_gettext("Le message ne dit ni oui ni non."),
    Reason.MOVED: lazy_gettext("L’horaire avait changé, et la personne a été réinterrogée."),
    Reason.MOVED_UNTOLD: lazy_gettext(
        "L’horaire a changé depuis l’invitation, et la personne ne le sait pas encore."
    ),
    Reason.REPLAYED: lazy_gettext("C’est sa dernière réponse, encore une fois."),
    Reason.OLDER: lazy_gettext("Cette réponse est plus ancienne que sa dernière."),
    Reason.NEW_TIME: lazy_gettext("La personne propose un autre horaire : acceptez-le ou non."),
    Reason.ASKED_LATELY: lazy_gettext("L’invitation lui a été renvoyée il y a moins d’une heure."),
    Reason.OTHER_METHOD: lazy_gettext(
        "Ce n’est pas une réponse : quelqu’un invite l’agence, ou annule."
    ),
    Reason.MODULE_OFF: lazy_gettext("Le module Rendez-vous était désactivé à son arrivée."),
    Reason.KNOWN: lazy_gettext("Le même message était déjà arrivé."),
    Reason.UNREADABLE: lazy_gettext("Le calendrier joint est illisible."),
    Reason.SEVERAL: lazy_gettext("Les calendriers joints se contredisent."),
    Reason.TNEF: lazy_gettext("Le message est au format propre à Outlook (winmail.dat)."),
    Reason.ARCHIVE: lazy_gettext("Il n’y a qu’un fichier compressé."),
    Reason.ENCRYPTED: lazy_gettext("Le message est chiffré."),
    Reason.PROSE: lazy_gettext("La personne a écrit avec ses mots : à vous de lire."),
    Reason.AWAY: lazy_gettext("Un répondeur : la personne est absente."),
    Reason.AUTOMATIC: lazy_gettext("Un message automatique, que personne n’a écrit."),
    Reason.OWN_MAIL: lazy_gettext("C’est un message de l’agence elle-même."),
    Reason.EMPTY: lazy_gettext("Le message est vide."),
    Reason.TOO_MANY: lazy_gettext(
        "Trop de messages de cette sorte attendaient déjà : celui-ci est resté dans la boîte."
    ),
    Reason.FAILED: lazy_gettext("Un message de l’agence n’est pas arrivé."),
    Reason.DELAYED: lazy_gettext("Un message de l’agence tarde à arriver."),
    Reason.DELIVERED: lazy_gettext("Un message de l’agence est bien arrivé."),
    Reason.UNKNOWN_MAIL: lazy_gettext("Un message qui n’est pas connu ici n’est pas arrivé."),
    MatchReason.TOKEN: lazy_gettext("Envoyée à l’adresse de réponse propre à la personne."),
    MatchReason.TOKEN_ALIAS: lazy_gettext(
        "Envoyée à l’adresse de réponse propre à la personne, depuis une autre adresse."
    ),
    MatchReason.AUTHENTICATED: lazy_gettext(
        "L’adresse d’expédition est celle de la personne, vérifiée."
    ),
    MatchReason.NOBODY: lazy_gettext("La réponse ne nomme personne."),
    MatchReason.ANOTHER_PARTICIPANT: lazy_gettext(
        "Envoyée à l’adresse de réponse d’une personne, par ou pour une autre."
    ),
    MatchReason.AMBIGUOUS: lazy_gettext("La réponse nomme plusieurs personnes."),
    MatchReason.STRANGER: lazy_gettext(
        "Aucun participant n’a cette adresse : quelqu’un de non invité ?"
    ),
    MatchReason.SHARED_ADDRESS: lazy_gettext("Plusieurs participants ont cette adresse."),
    MatchReason.ON_BEHALF: lazy_gettext("L’expéditeur dit répondre pour un participant."),
    MatchReason.OTHER_SENDER: lazy_gettext("L’expéditeur n’est pas le participant nommé."),
    MatchReason.NOT_AUTHENTICATED: lazy_gettext(
        "Rien ne prouve que le message vienne de cette adresse (DMARC)."
    ),
    Handling.ASSIGNED: lazy_gettext("Attribuée à la main."),
    Handling.DISMISSED: lazy_gettext("Classée sans suite."),
    Handling.ACCEPTED: lazy_gettext("Le rendez-vous a été enregistré depuis la proposition."),
}


def reason_words(reason: str) -> str:
    """Return why a mail that came in ended as it did."""
    return str(REASONS.get(reason, reason))


def problem_words(message: OutboxMessage) -> str:
    """Return what is said about the state of a message, empty where there is nothing to say."""
    problem = message.problem
    if message.status == SKIPPED:
        return str(SKIPS.get(problem, problem))
    if not problem.startswith(UNSURE):
        return problem
    said = problem.removeprefix(UNSURE).removeprefix(":").strip()
    unsure = _("peut-être déjà parti, l’envoi a été interrompu")
    return f"{unsure} ({said})" if said else unsure
