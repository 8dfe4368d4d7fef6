"""*Courriels* and *Réponses*: what is sent and what came in, read and handled in the panel."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.mail_reading import MailFilter, MailPlace
from rdv_caldav.db.outbox import BOUNCED, FAILED, SENT, SKIPPED, UNSENT
from rdv_caldav.db.received_mails import Arrival
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.errors import AccessRefused, UnknownObject
from rdv_caldav.domain.replies import MatchReason
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.mailing import human_queue, mail_listing
from rdv_caldav.services.mailing.outcomes import Reason, Result
from rdv_caldav.services.mailing.relevance import Reason as SkipReason
from rdv_web import mail_wording
from support.agency import GUEST
from support.appointment_form import Form, show
from support.desk import Desk
from support.invitation_reading import read_invitation
from support.panel import PanelClient, words_of
from support.postroom import WEEKLY, Postroom
from support.reply_shapes import Shape

LogIn = Callable[[str], PanelClient]


def _put(desk: Desk, planned: int, name: str = "", **more: object) -> int:
    values = {"method": "REQUEST", "recipient": f"{name or 'x'}@exterieur.example", **more}
    desk.tx.outbox.put(
        appointment_id=planned,
        original=None,
        recipient_name=name,
        sequence=0,
        now=desk.now,
        **values,  # type: ignore[arg-type]
    )
    return max(each.id for each in desk.tx.outbox.of_thread(planned, ""))


def _receive(desk: Desk, **more: object) -> int:
    values = {
        "source": "imap",
        "fingerprint": f"{len(str(more))}",
        "outcome": "queued",
        "is_open": True,
    }
    mail = Arrival(**{"reason": "prose", "evidence": {}, "proposal": {}, **values, **more})  # type: ignore[arg-type]
    return desk.tx.received_mails.add(mail, raw=b"raw", now=desk.now)


# -- lists --------------------------------------------------------------------------------


def test_lists_are_filtered_counted_paged_and_scoped(
    any_book: AppointmentBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_listing, "PAGE_SIZE", 2)
    with any_book.database.writing() as tx:
        desk = Desk(tx, any_book.clock())
        here, there = desk.plan(), desk.plan(login="admin", page="sophie")
        before = {each.id for each in tx.outbox.pending()}
        ids = [_put(desk, here, name) for name in ("Anne", "Bruno", "Chloé 100%", "Denis")]
        away = _put(desk, there, "Émile", method="CANCEL", medium="sms")
        tx.outbox.close(ids[1], "failed", problem="550")
        mine = _receive(desk, appointment_id=here, sender="a@x.example", subject="Ré : visite")
        lost = _receive(desk, sender="b@x.example", outcome="bounce")
        done = _receive(desk, appointment_id=here, is_open=False, outcome="applied")
    with any_book.database.reading() as tx:
        admin, nora, ivan = (
            actor_for(tx, login, channel=Channel.WEB) for login in ("admin", "nora", "ivan")
        )

        def found(actor: object, place: MailPlace | None = None, **wanted: object) -> list[int]:
            page = mail_listing.messages(tx, actor, MailFilter(**wanted), place)  # type: ignore[arg-type]
            return [each.message.id for each in page.rows if each.message.id not in before]

        assert found(admin) == [away, ids[3]]
        assert found(nora) == [ids[3], ids[2]]
        page = mail_listing.messages(tx, nora, MailFilter(), None)
        assert page.before is None
        assert page.after
        later = mail_listing.messages(tx, nora, MailFilter(), page.after)
        assert [each.message.id for each in later.rows] == [ids[1], ids[0]]
        assert later.before
        assert found(nora, later.before) == [ids[3], ids[2]]
        assert found(admin, text="bruno EXTER") == [ids[1]]
        assert found(admin, text="100%") == [ids[2]]
        assert found(admin, text="100_") == []
        assert found(admin, status="failed") == [ids[1]]
        assert found(admin, method="CANCEL", medium="sms") == [away]
        assert found(nora, method="CANCEL") == []
        assert found(admin, begin=any_book.clock() + timedelta(seconds=1)) == []
        assert found(admin, end=any_book.clock()) == []
        assert mail_listing.counts(tx, nora, MailFilter(status="failed"))["failed"] == 1
        assert mail_listing.counts(tx, nora, MailFilter(text="bruno")) == {"failed": 1}

        def received(actor: object, **wanted: object) -> list[int]:
            page = human_queue.mails(tx, actor, MailFilter(**wanted), None)  # type: ignore[arg-type]
            return [each.mail.id for each in page.rows]

        assert received(admin) == [done, lost]
        assert received(nora) == [done, mine]
        assert received(admin, only_open=True) == [lost, mine]
        assert received(admin, outcome="bounce") == [lost]
        assert received(admin, text="ré :") == [mine]
        assert [human_queue.open_count(tx, actor) for actor in (admin, nora)] == [2, 1]
        with pytest.raises(UnknownObject):
            mail_listing.open_message(tx, nora, away, now=any_book.clock())
        with pytest.raises(UnknownObject):
            human_queue.open_mail(tx, nora, lost)
        for refused in (mail_listing.scope_for, human_queue.open_count):
            with pytest.raises(AccessRefused):
                refused(tx, ivan)


# -- what is sent -------------------------------------------------------------------------


def test_a_message_is_shown_fetched_and_sent_once_more(postroom: Postroom, log_in: LogIn) -> None:
    planned, invitation = postroom.invite()
    alice = log_in("alice")
    listed = alice.get("/courriels")
    assert "Invité" in words_of(listed)
    assert "envoyé 1" in words_of(listed)
    assert "Aucun serveur d’envoi" not in listed.text
    (row,) = postroom.mailroom.rows(planned)
    url = f"/courriels/{row.id}"
    page = alice.get(url)
    assert GUEST in words_of(page)
    assert "Content-Type: multipart" in page.text
    assert "<script" not in page.text.partition("<main")[2]
    file = alice.get(f"{url}/message.eml")
    assert file.mimetype == "message/rfc822"
    assert read_invitation(file.data) == read_invitation(invitation)
    assert "attachment" in file.headers["Content-Disposition"]
    assert "déjà parti" in words_of(alice.post_form(f"{url}/envoi"))
    assert "Remettre" not in page.text

    postroom.bounce(invitation)
    assert "revenu (non remis)" in words_of(alice.get(show(planned)))
    page = alice.get(url)
    assert "Remettre en file d’envoi" in page.text
    assert "550 5.1.1" in words_of(page)
    assert "dès que possible" in words_of(alice.post_form(f"{url}/envoi"))
    again = postroom.sent()
    assert read_invitation(again).message_id == row.message_id
    assert len(postroom.mailroom.sink.mails) == 2
    (told,) = postroom.journal(planned, "SendingAsked")
    assert told[:2] == ("alice", "web")
    assert f"Envoi redemandé à {GUEST}" in words_of(alice.get(show(planned)))


def test_what_waits_for_the_morning_can_leave_now(postroom: Postroom, log_in: LogIn) -> None:
    wall = postroom.mailroom.clock.now.astimezone().hour
    postroom.mailroom.set(
        quiet_from=f"{(wall - 2) % 24:02}:00", quiet_until=f"{(wall + 6) % 24:02}:30"
    )
    planned = postroom.mailroom.plan()
    assert not postroom.mailroom.send().sent
    (row,) = postroom.mailroom.rows(planned)
    alice = log_in("alice")
    assert "n’est composé qu’au moment de l’envoi" in alice.get(f"/courriels/{row.id}").text
    assert alice.get(f"/courriels/{row.id}/message.eml").status_code == 404
    page = alice.get(f"/courriels/{row.id}")
    assert "Envoyer maintenant" in page.text
    alice.post_form(f"/courriels/{row.id}/envoi")
    assert postroom.mailroom.send().sent == 1


def test_without_a_mail_server_the_page_says_so(alice: PanelClient) -> None:
    assert "Aucun serveur d’envoi n’est configuré" in alice.get("/courriels").text
    assert "Aucune passerelle SMS" not in alice.get("/courriels").text
    assert "Aucune passerelle SMS" in alice.get("/courriels?canal=sms").text
    wrong = alice.get("/courriels?du=hier&etat=rien&avant=x")
    assert wrong.status_code == 422
    assert "Ce n’est pas une date." in wrong.text
    assert alice.get("/courriels?au=9999-12-31").status_code == 422


# -- what came in -------------------------------------------------------------------------


def test_a_proposed_time_is_taken_over_by_the_form(postroom: Postroom, log_in: LogIn) -> None:
    planned, invitation = postroom.invite()
    span = postroom.appointment(planned).span
    proposed = span.moved_to(span.start + timedelta(hours=4))
    times = (proposed.start, proposed.end)
    outcome = postroom.answer(
        invitation, shape=Shape.OUTLOOK, proposed=times, comment="Plus tard ?"
    )
    alice = log_in("alice")
    home = alice.get("/").text
    assert re.search(r'class="badge">1<', home), "the menu says that one waits"
    listed = alice.get("/reponses")
    assert "La personne propose un autre horaire" in listed.text
    url = f"/reponses/{outcome.mail}"
    page = alice.get(url)
    assert f"{proposed.start:%H:%M} – {proposed.end:%H:%M}" in words_of(page)
    assert f"{span.start:%H:%M} – {span.end:%H:%M}" in words_of(page)
    found = re.search(r'href="([^"]+reponse=[^"]+)"', page.text)
    assert found
    form = Form(alice, unescape(found[1]))
    assert f'value="{proposed.start:%H:%M}"' in form.page
    assert "il n’est pas encore enregistré" in form.page
    assert postroom.appointment(planned).span == span, "looking changes nothing"
    typed = {
        "type_code": "client",
        "subject": postroom.appointment(planned).subject,
        "start_day": f"{proposed.start:%Y-%m-%d}",
        "start_time": f"{proposed.start:%H:%M}",
        "end_day": f"{proposed.end:%Y-%m-%d}",
        "end_time": f"{proposed.end:%H:%M}",
        "repeat": "",
    }
    form.fill(**typed).press("insist")
    assert postroom.appointment(planned).span == proposed
    (mail,) = postroom.received()
    assert (mail.is_open, mail.handled_by, mail.reason) == (False, "alice", "accepted")
    assert "badge" not in alice.get("/").text
    late = log_in("admin").post_form(f"{url}/classement")
    assert "Quelqu’un d’autre a déjà traité ce courriel" in late.text
    assert "Traité par alice" in late.text
    assert postroom.received()[0].reason == "accepted"


def test_words_are_taken_for_an_answer_by_one_only(postroom: Postroom, log_in: LogIn) -> None:
    planned, invitation = postroom.invite()
    to = read_invitation(invitation).organizer
    written = "Oui, mais <b>en retard</b> http://exterieur.example <script>alert(1)</script>"
    outcome = postroom.write(written, to=to, Subject="Visite")
    url = f"/reponses/{outcome.mail}"
    alice, admin = log_in("alice"), log_in("admin")
    page = alice.get(url)
    file = alice.get(f"{url}/courriel.eml")
    assert file.mimetype == "message/rfc822"
    assert written.encode() in file.data
    assert written in unescape(page.text)
    assert "<script>alert" not in page.text
    assert 'href="http://exterieur.example' not in page.text
    assert "La personne a écrit avec ses mots" in page.text
    assert re.search(rf'value="g:{GUEST}" checked', page.text), "the sender is guessed"
    nobody = alice.post_form(f"{url}/attribution", {"rdv": planned, "presence": "ACCEPTED"})
    assert nobody.status_code == 422
    assert "Choisissez de qui vient la réponse." in nobody.text
    said = {"rdv": planned, "who": f"g:{GUEST}", "presence": "ACCEPTED", "comment": "en retard"}
    assert "La réponse est enregistrée." in alice.post_form(f"{url}/attribution", said).text
    assert postroom.guest(planned).comment == "en retard"
    assert alice.get(f"{url}/courriel.eml").status_code == 404, "it is not kept any longer"
    second = admin.post_form(f"{url}/attribution", {**said, "presence": "DECLINED"})
    assert "rien n’a été changé" in second.text
    assert postroom.presence(planned) is Presence.ACCEPTED
    ((login, channel, _, details),) = postroom.journal(planned, "MailHandled")
    assert (login, channel, details["handling"]) == ("alice", "web", "assigned")
    assert f"Courriel de {GUEST} traité" in words_of(alice.get(show(planned)))
    # what he wrote before, and comes later, does not undo it
    early = postroom.mailroom.clock.now - timedelta(minutes=5)
    assert not postroom.answer(invitation, "DECLINED", stamp=early).is_open
    assert postroom.presence(planned) is Presence.ACCEPTED
    assert "réponse enregistrée" in words_of(alice.get("/reponses?vue=tout&resultat=applied"))


def test_a_comment_alone_leaves_the_answer(postroom: Postroom, log_in: LogIn) -> None:
    planned, invitation = postroom.invite(plan=WEEKLY)
    postroom.answer(invitation, "TENTATIVE")
    outcome = postroom.write("Le code a changé", to=read_invitation(invitation).organizer)
    alice = log_in("alice")
    said = {"rdv": planned, "who": f"g:{GUEST}", "presence": "", "comment": "Code : 12"}
    alice.post_form(f"/reponses/{outcome.mail}/attribution", said)
    assert (postroom.presence(planned), postroom.guest(planned).comment) == (
        Presence.TENTATIVE,
        "Code : 12",
    )


def test_what_belongs_nowhere_is_searched_for(postroom: Postroom, log_in: LogIn) -> None:
    planned = postroom.mailroom.plan("claire")
    with postroom.mailroom.desk() as desk:
        known = _receive(desk, sender="claire@famille.example", subject="Demain")
        lost = _receive(desk, sender="qui@exterieur.example", subject="Hein ?")
        subject = desk.appointment(planned).subject
    alice, nora = log_in("alice"), log_in("nora")
    choice = f"/reponses/{known}?rdv={planned}"
    assert choice in alice.get(f"/reponses/{known}").text, "her rendez-vous are offered"
    assert f"rdv={planned}" not in alice.get(f"/reponses/{lost}").text
    assert f"rdv={planned}" in alice.get(f"/reponses/{lost}?q={subject[:4].upper()}").text
    assert "Aucun rendez-vous ne correspond" in alice.get(f"/reponses/{lost}?q=zzz").text
    page = alice.get(choice)
    with postroom.mailroom.desk() as desk:
        claire = desk.person("claire").id
    assert f'value="p{claire}" checked' in page.text
    assert nora.get(f"/reponses/{known}").status_code == 404, "she sees one secteur only"
    said = {"rdv": planned, "who": f"p{claire}", "presence": "DECLINED"}
    assert nora.post_form(f"/reponses/{known}/attribution", said).status_code == 404
    alice.post_form(f"/reponses/{known}/attribution", said)
    assert postroom.guest(planned, who=claire).presence is Presence.DECLINED
    assert nora.get(f"/reponses/{known}").status_code == 200, "by now it is about Claire"
    alice.post_form(f"/reponses/{lost}/classement")
    mail = next(each for each in postroom.received() if each.id == lost)
    assert (mail.is_open, mail.outcome, mail.handled_by) == (False, "ignored", "alice")
    with postroom.book.database.reading() as tx:
        assert tx.journal.latest(1)[0].event == "MailHandled"


def test_nobody_answers_where_he_may_not_edit(any_book: AppointmentBook) -> None:
    with any_book.database.writing() as tx:
        desk = Desk(tx, any_book.clock())
        here, there = desk.plan(), desk.plan(login="admin", page="sophie")
        mail = _receive(desk, appointment_id=here, recipient_key="")
        nora, sophie = actor_for(tx, "nora", channel=Channel.WEB), desk.person("sophie")
        with pytest.raises(UnknownObject):
            human_queue.assign(
                tx,
                nora,
                mail,
                appointment_id=there,
                original=None,
                key=sophie.id,
                presence=Presence.DECLINED,
                comment="",
                now=desk.now,
            )
        assert tx.received_mails.get(mail).is_open  # type: ignore[union-attr]
        assert not human_queue.settle(tx, nora, mail, there, now=desk.now)


def test_every_state_and_reason_haswords_of() -> None:
    words = mail_wording
    assert set(words.REASONS) == {*map(str, (*Reason, *MatchReason, *human_queue.Handling))}
    assert set(words.RESULTS) == set(map(str, Result))
    assert set(words.SKIPS) == set(map(str, SkipReason))
    assert set(words.STATUSES) == {*UNSENT, SENT, FAILED, BOUNCED, SKIPPED}
