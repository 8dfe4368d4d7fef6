"""What pages call the parts of templates, and what they say of what is wrong in them."""

from __future__ import annotations

from flask_babel import LazyString, gettext, lazy_gettext
from flask_babel import lazy_gettext as _

from rdv_caldav.domain.mail_templates import Fault, Occasion, TemplateProblem

OCCASIONS: dict[Occasion, LazyString] = {
    Occasion.INVITATION: _("Invitation"),
    Occasion.UPDATE: _("Changement"),
    Occasion.CANCELLATION: _("Annulation"),
    Occasion.REMINDER: _("Rappel"),
    Occasion.MESSAGE: _("Message libre"),
}
LANGUAGE_NAMES: dict[str, LazyString] = {"fr": _("Français"), "en": _("Anglais")}
FIELDS: dict[str, LazyString] = {
    "name": _("Nom"),
    "subject": _("Objet"),
    "text": _("Texte"),
    "html": _("Version HTML"),
}
_FAULTS: dict[Fault, LazyString] = {
    Fault.EMPTY: _("Ne doit pas être vide."),
    Fault.TOO_LONG: _("Trop long : %(detail)s caractères au plus."),
    Fault.SEVERAL_LINES: _("Doit tenir sur une ligne."),
    Fault.SYNTAX: _(
        "Une accolade ou une instruction n’est pas fermée, ou n’est pas écrite comme il faut."
    ),
    Fault.UNKNOWN_VARIABLE: _(
        "La variable « %(detail)s » n’existe pas ; choisissez-la dans la liste."
    ),
    Fault.UNKNOWN_FILTER: _("Le filtre « %(detail)s » n’existe pas."),
    Fault.UNKNOWN_TAG: _("L’instruction « %(detail)s » n’existe pas."),
    Fault.ENDLESS: _("Une boucle se répète trop souvent."),
    Fault.HUGE: _("Le message obtenu serait trop grand."),
    Fault.FAILED: _("Cette partie ne peut pas être remplie."),
}


def problem_words(problem: TemplateProblem) -> str:
    """Say what is wrong, with the line where there is one."""
    words = str(_FAULTS[problem.fault]) % {"detail": problem.detail}
    if not problem.line:
        return words
    return str(gettext("Ligne %(line)s : %(words)s", line=problem.line, words=words))


NO_ADDRESS = lazy_gettext(
    "Votre fiche n’a pas d’adresse e-mail : l’essai ne peut vous être envoyé."
)
