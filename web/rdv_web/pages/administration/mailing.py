"""*Configuration > Courriel*: who is mailed and when, where answers go, what is set up."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time

from flask import flash, redirect, render_template, url_for
from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, NumberRange

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings, Person
from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.services import agency_settings, mail_templates, template_filling
from rdv_caldav.settings import Settings
from rdv_web import languages, work
from rdv_web.forms import Form, refuse
from rdv_web.pages.administration import pages

PLACE = "/configuration/courriel"
TEST_TEMPLATE = "mail-message-fr"
LONGEST_REMINDER = 14 * 24
"""Hours."""

_SWITCHES = (
    "invite_external_guests",
    "invite_persons",
    "notices_beside_calendar",
    "all_named_in_mails",
    "notes_in_mails",
    "remind_by_sms",
)
_TEXTS = ("scheduling_address", "answers_domain", "quiet_from", "quiet_until")
_ADDRESS = re.compile(r"[^@\s<>\"',;:\x00-\x1f]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+")
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
_LONGEST_DOMAIN = 200


class MailForm(Form):
    """Settings by their names."""

    invite_external_guests = BooleanField(
        lazy_gettext("Inviter d’office les invités externes, d’où que le rendez-vous soit écrit")
    )
    invite_persons = BooleanField(
        lazy_gettext("Inviter d’office les personnes de l’agence et ses clients")
    )
    notices_beside_calendar = BooleanField(
        lazy_gettext("Avertir aussi par e-mail ceux dont l’agenda se synchronise")
    )
    all_named_in_mails = BooleanField(lazy_gettext("Nommer tous les participants"))
    notes_in_mails = BooleanField(
        lazy_gettext("Les modèles peuvent citer les notes du rendez-vous")
    )
    language = RadioField(
        lazy_gettext("Langue de ceux dont la fiche n’en dit pas"),
        choices=[SelectChoice(code, name) for code, name in languages.LANGUAGES.items()],
    )
    scheduling_address = StringField(
        lazy_gettext("Adresse de l’agence"), validators=[InputRequired()]
    )
    answers_domain = StringField(lazy_gettext("Domaine des réponses"))
    quiet_from = StringField(lazy_gettext("Rien ne part à partir de"))
    quiet_until = StringField(lazy_gettext("jusqu’à"))
    remind_hours = IntegerField(
        lazy_gettext("Rappel, en heures avant le rendez-vous"),
        validators=[InputRequired(), NumberRange(min=0, max=LONGEST_REMINDER)],
    )
    remind_by_sms = BooleanField(
        lazy_gettext("Rappeler par SMS ceux qui ont un téléphone et pas d’adresse e-mail")
    )

    def to_settings(self) -> dict[str, object]:
        """Return what was filled in, by the names of settings."""
        return {
            **{name: bool(self[name].data) for name in _SWITCHES},
            **{name: _typed(self, name) for name in _TEXTS},
            "language": self.language.data,
            "remind_hours": self.remind_hours.data,
        }

    def check(self, tx: Transaction, settings: AgencySettings) -> bool:
        """Tell whether all of it can be used; what cannot says so itself."""
        is_right = self.validate()
        address, domain = _typed(self, "scheduling_address"), _typed(self, "answers_domain")
        if address and not _ADDRESS.fullmatch(address):
            refuse(self.scheduling_address, _("Ce n’est pas une adresse e-mail."))
        elif any(address in each.addresses for each in _holders(tx, settings, address)):
            refuse(
                self.scheduling_address,
                _("C’est l’adresse d’une personne : l’agence en a une à elle seule."),
            )
        if domain and (len(domain) > _LONGEST_DOMAIN or not _DOMAIN.fullmatch(domain)):
            refuse(self.answers_domain, _("Ce n’est pas un domaine, comme rdv.agence.example."))
        self._check_quiet_hours()
        fields = (self[name] for name in _TEXTS)
        return is_right and not any(field.errors for field in fields)

    def _check_quiet_hours(self) -> None:
        said = [_typed(self, name) for name in ("quiet_from", "quiet_until")]
        for name, value in zip(("quiet_from", "quiet_until"), said, strict=True):
            if value and not _is_hour(value):
                refuse(self[name], _("Ce n’est pas une heure."))
        if bool(said[0]) != bool(said[1]):
            refuse(self.quiet_until, _("Indiquez les deux heures, ou aucune."))
        elif said[0] and said[0] == said[1]:
            refuse(self.quiet_until, _("Les deux heures sont les mêmes."))


def _typed(form: MailForm, name: str) -> str:
    value = str(form[name].data or "").strip()
    return value if name.startswith("quiet") else normalise_address(value)


def _is_hour(value: str) -> bool:
    try:
        return len(value) == len("00:00") and f"{time.fromisoformat(value):%H:%M}" == value
    except ValueError:
        return False


def _holders(tx: Transaction, settings: AgencySettings, address: str) -> list[Person]:
    return list(tx.people.directory(settings, addresses=[address] if address else []))


# -- what is set up outside of the panel --------------------------------------------------

STATES: tuple[tuple[LazyString, Callable[[Settings], bool], LazyString], ...] = (
    (
        lazy_gettext("Envoi d’e-mails (SMTP)"),
        lambda settings: bool(settings.smtp_url),
        lazy_gettext("Sans lui, les messages restent en attente."),
    ),
    (
        lazy_gettext("Boîte des réponses (IMAP)"),
        lambda settings: bool(settings.imap_url),
        lazy_gettext("Les réponses y sont lues ; sinon par LMTP."),
    ),
    (
        lazy_gettext("Réception directe (LMTP)"),
        lambda settings: bool(settings.lmtp_listen),
        lazy_gettext("Le serveur de courrier remet les réponses lui-même."),
    ),
    (
        lazy_gettext("Signature des messages (DKIM)"),
        lambda settings: bool(settings.dkim_domain and settings.dkim_key_file),
        lazy_gettext("Inutile si le serveur d’envoi signe déjà."),
    ),
    (
        lazy_gettext("Vérification des expéditeurs (DMARC)"),
        lambda settings: bool(settings.authserv_id.strip()),
        lazy_gettext("Sinon, seules comptent les réponses à l’adresse propre à chacun."),
    ),
    (
        lazy_gettext("SMS"),
        lambda settings: bool(settings.sms_url),
        lazy_gettext("Une passerelle HTTP les envoie."),
    ),
    (
        lazy_gettext("Envoi et lecture par le serveur lui-même"),
        lambda settings: settings.mail_worker != 0,
        lazy_gettext("Sinon par les commandes « mail send » et « mail fetch »."),
    ),
)
"""What the host sets up; never what it is, which may hold a password."""


@pages.get(PLACE)
def mail_settings() -> str:
    """Show the settings of mails."""
    with work.reading() as tx:
        settings = tx.agency.settings()
    return _shown(MailForm(obj=settings))


@pages.post(PLACE)
def save_mail_settings() -> Response | tuple[str, int]:
    """Keep them."""
    form = MailForm()
    with work.reading() as tx:
        is_right = form.check(tx, tx.agency.settings())
    if not is_right:
        return _shown(form), 422
    changes = form.to_settings()
    work.write(lambda tx: agency_settings.change(tx, work.actor(), changes, now=work.now()))
    flash(_("Les choix pour les courriels sont enregistrés."), "success")
    return redirect(url_for("administration.mail_settings"))


@pages.post(f"{PLACE}/essai")
def send_trial() -> Response:
    """Queue a message to oneself, about the latest rendez-vous there is."""

    def send(tx: Transaction) -> str:
        examples = template_filling.examples(tx, work.actor())
        if not examples:
            return ""
        template = mail_templates.find(tx, TEST_TEMPLATE)
        key = examples[0].key
        return template_filling.send_test(
            tx,
            work.actor(),
            template,
            key.appointment_id,
            original=key.original,
            now=work.now(),
        )

    try:
        address = work.write(send)
    except InvalidInput:
        flash(_("Votre fiche n’a pas d’adresse e-mail : l’essai n’irait nulle part."), "error")
        return redirect(url_for("administration.mail_settings"))
    if not address:
        flash(_("Planifiez d’abord un rendez-vous : l’essai parle de l’un d’eux."), "error")
        return redirect(url_for("administration.mail_settings"))
    flash(_("Un message d’essai à %(address)s attend son envoi.", address=address), "success")
    return redirect(url_for("mailing.messages", sorte=template_filling.TEST))


def _shown(form: MailForm) -> str:
    settings = work.book().settings
    states = [(label, is_set(settings), words) for label, is_set, words in STATES]
    is_reachable = bool(settings.imap_url or settings.lmtp_listen)
    return render_template(
        "administration/mailing.html", form=form, states=states, is_reachable=is_reachable
    )
