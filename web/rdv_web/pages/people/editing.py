"""Making, changing and archiving fiches."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.domain.agency import Person, PersonKind
from rdv_caldav.domain.errors import InvalidFiche, PreconditionFailed
from rdv_caldav.domain.fiches import Fiche
from rdv_caldav.services import people, sectors
from rdv_web import work
from rdv_web.pages.people import pages
from rdv_web.pages.people.filters import KINDS, PATH, TITLES, mark_kind
from rdv_web.pages.people.forms import FicheForm
from rdv_web.pages.people.hours import DAYS, HoursFields, fields_of, read_fields

Answer = Response | str | tuple[str, int]


@pages.route(f"{PATH}/nouveau", methods=["GET", "POST"])
def new(kind: str) -> Answer:
    """Add a person."""
    form, hours = _form(), fields_of("")
    if not form.is_submitted():
        form.kind.data = KINDS[kind].value
        return _page(form, hours, kind=KINDS[kind])
    hours = read_fields(request.form, hours)
    same = _homonyms(form, hours)
    person = _created(form, hours) if not same or form.confirm.data else None
    if person is None:
        return _page(form, hours, kind=KINDS[kind], homonyms=same), 422
    flash(_("La fiche de %(name)s est créée.", name=person.name), "success")
    return redirect(url_for("people.fiche", slug=person.slug))


@pages.route("/personnes/<slug>/modifier", methods=["GET", "POST"])
def edit(slug: str) -> Answer:
    """Change a fiche."""
    with work.reading() as tx:
        found = people.fiche(tx, work.actor(), slug)
    mark_kind(found.person.kind)
    form, hours = _form(found), fields_of(found.availability)
    if not form.is_submitted():
        form.show(found, people.version_of(found))
        return _page(form, hours, found=found)
    hours = read_fields(request.form, hours)
    try:
        person = _changed(form, hours, found.person)
    except PreconditionFailed:
        # what was typed stays, over what stands now; the next try is made from that
        form.version.data = people.version_of(found)
        return _page(form, hours, found=found, is_outdated=True), 409
    if person is None:
        return _page(form, hours, found=found), 422
    flash(_("La fiche de %(name)s est enregistrée.", name=person.name), "success")
    return redirect(url_for("people.fiche", slug=slug))


@pages.post("/personnes/<slug>/archiver")
def archive(slug: str) -> Answer:
    """Archive a person."""
    actor, now = work.actor(), work.now()
    person = work.write(lambda tx: people.archive(tx, actor, slug, now=now))
    flash(
        _("%(name)s est dans les archives. Ses rendez-vous restent.", name=person.name), "success"
    )
    return redirect(url_for("people.fiche", slug=slug))


@pages.post("/personnes/<slug>/reprendre")
def restore(slug: str) -> Answer:
    """Bring a person back from the archives."""
    actor, now = work.actor(), work.now()
    person = work.write(lambda tx: people.archive(tx, actor, slug, archived=False, now=now))
    flash(_("%(name)s n’est plus dans les archives.", name=person.name), "success")
    return redirect(url_for("people.fiche", slug=slug))


def _form(found: Fiche | None = None) -> FicheForm:
    form = FicheForm()
    with work.reading() as tx:
        choices = list(sectors.sectors_for(tx, work.actor()))
        standing = found.person.sector_id if found else None
        if standing not in {None, *(sector.id for sector in choices)}:
            choices += [each for each in tx.people.sectors() if each.id == standing]
    form.offer(choices)
    return form


def _homonyms(form: FicheForm, hours: HoursFields) -> Sequence[Person]:
    if not form.validate():
        return ()
    with work.reading() as tx:
        return people.homonyms(tx, work.actor(), form.draft(hours.hours))


def _created(form: FicheForm, hours: HoursFields) -> Person | None:
    """Add the person; None where something is wrong, which the form then says."""
    if not _is_valid(form, hours):
        return None
    draft, actor, now = form.draft(hours.hours), work.actor(), work.now()
    try:
        return work.write(lambda tx: people.create(tx, actor, draft, now=now))
    except InvalidFiche as error:
        form.refuse(error.problems)
        return None


def _is_valid(form: FicheForm, hours: HoursFields, standing: Person | None = None) -> bool:
    """Tell whether a form can be stored; beside wrong hours all else that is wrong is said, too."""
    if not form.validate():
        return False
    if hours.problems:
        try:
            with work.reading() as tx:
                people.check(tx, work.actor(), form.draft(None), standing=standing)
        except InvalidFiche as error:
            form.refuse(error.problems)
    return not hours.problems


def _changed(form: FicheForm, hours: HoursFields, standing: Person) -> Person | None:
    """Change the fiche; None where something is wrong, which the form then says."""
    if not _is_valid(form, hours, standing):
        return None
    draft, actor, now = form.draft(hours.hours), work.actor(), work.now()
    version = form.version.data or ""
    try:
        return work.write(
            lambda tx: people.change(tx, actor, standing.slug, draft, version=version, now=now)
        )
    except InvalidFiche as error:
        form.refuse(error.problems)
        return None


def _page(
    form: FicheForm,
    hours: HoursFields,
    *,
    found: Fiche | None = None,
    kind: PersonKind | None = None,
    homonyms: Sequence[Person] = (),
    is_outdated: bool = False,
) -> str:
    return render_template(
        "people/form.html",
        form=form,
        hours=hours,
        fiche=found,
        kind=found.person.kind if found else kind,
        homonyms=homonyms,
        is_outdated=is_outdated,
        title=TITLES[found.person.kind if found else kind or PersonKind.CLIENT],
        DAYS=DAYS,
    )
