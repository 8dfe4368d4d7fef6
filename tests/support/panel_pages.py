"""Every page of the panel that a browser can be sent to, in the demo agency."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask

NOBODY = "nobody"
"""Who is not logged in."""

NO_PAGES = frozenset(
    {
        # files to keep, a stylesheet, the server's own health, an address that leads elsewhere
        "appointments.of_uid",
        "control.fetch",
        "control.file",
        "control.schema",
        "health.health",
        "answering.calendar",
        "feeds.feed",
        "journal.export",
        "mailing.file",
        "mailing.received_file",
        "people.export",
        "static",
        "types.stylesheet",
        # pieces that other pages show
        "administration.preview_template",
        "administration.type_preview",
        "appointments.persons",
    }
)
"""Endpoints with nothing of their own to look at."""

# who, what, and the answer where that is not 200; what roles see alike is looked at by one of them
_VISITS = """
nobody                          /
nobody                          /connexion
nobody                          /rien  404
nobody                          {link}
nobody                          {link}/stop
nobody                          /r/nothing  404
admin alice ivan claire         /
admin claire                    /agenda
admin                           /planning
admin                           /planning?vue=semaine
admin                           /planning/alice?vue=jour
admin ivan                      /planning/ivan
claire                          /planning/claire
admin                           /planning/alice?vue=mois
admin                           /planning/alice?vue=liste
admin claire                    /compte/rendez-vous
admin ivan                      /rendez-vous/nouveau?personne=ivan&debut=2026-12-01T10:00
admin                           /rendez-vous/nouveau
admin claire                    /rendez-vous/1
admin                           /rendez-vous/2
admin                           /rendez-vous/7
admin                           /rendez-vous/2/suppression?date={date}
admin                           /rendez-vous/1/email
admin                           /rendez-vous/1/inviter
admin                           /clients
admin                           /intervenants
admin                           /gestionnaires
admin                           /clients?q=personne-de-ce-nom
claire                          /clients  403
admin                           /clients/nouveau
admin                           /intervenants/nouveau
admin                           /personnes/claire
admin                           /personnes/ivan
admin                           /personnes/ivan/modifier
admin                           /personnes/ivan/rendez-vous
admin                           /personnes/ivan/rendez-vous?du=hier  422
admin claire                    /flux/de/claire
admin                           /fiches/importer
admin                           /secteurs
admin                           /analyse/rendez-vous
admin                           /analyse/rendez-vous?lancer=1&du=x  422
admin                           /analyse/rendez-vous?lancer=1&texte=visite&colonne=notes
admin                           /analyse/rendez-vous/exports/{export}
admin                           /analyse/rendez-vous/imprimer?lancer=1&texte=formation
admin                           /courriels
admin                           /courriels/{message}
admin                           /reponses
admin                           /reponses/{mail}
admin                           /reponses?vue=tout
admin                           /administration/configuration/courriel
admin                           /administration/options
admin                           /administration/options?q=rien-de-tel
admin                           /administration/parametres
admin                           /administration/valeurs-par-defaut/rendez-vous
admin                           /administration/configuration/regles
admin                           /administration/configuration/rendez-vous
admin                           /administration/configuration/rendez-vous/nouveau
admin                           /administration/configuration/rendez-vous/client
admin                           /administration/configuration/modeles
admin                           /administration/configuration/modeles?canal=sms
admin                           /administration/configuration/modeles/nouveau
admin                           /administration/configuration/modeles/nouveau?canal=sms
admin                           /administration/configuration/modeles/{template}
admin                           /administration/journal
admin                           /administration/journal?du=hier  422
admin                           /administration/journal?texte=rien-de-tel
admin ivan                      /compte
admin                           /compte?q=client
admin ivan                      /compte/appareils
admin                           /compte/appareils/de/claire
admin                           /compte/appareils/de/admin/{device}/revoquer
claire                          /compte/appareils/de/ivan  403
"""


_COLUMNS = re.compile(" {2,}")


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody looks at a page."""

    login: str
    path: str
    status: int = 200


def visits() -> Iterator[Visit]:
    """Yield who looks at what; names in braces are for whoever opens the browser to find out."""
    for line in _VISITS.strip().splitlines():
        who, path, *status = (part.strip() for part in _COLUMNS.split(line.strip()))
        for login in who.split():
            yield Visit(login, path, *map(int, status))


def forgotten(app: Flask) -> set[str]:
    """Return the endpoints of pages that nobody looks at; no page is to be one of them."""
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    adapter = app.url_map.bind("localhost")
    some = {
        "date": "",
        "device": "1",
        "export": "0" * 32,
        "template": "1",
        "link": "/r/signed",
        "mail": "1",
        "message": "1",
    }
    paths = [urlsplit(visit.path.format(**some)).path for visit in visits() if visit.status == 200]
    return pages - {adapter.match(path)[0] for path in paths} - NO_PAGES
