"""What an appointment has to be after all that was done to it, by rules of its own.

The rules of DESIGN's "Rules of the domain", told again without the product's code: who owns
it, who answered what, whose calendar shows it. Persons go by their slugs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from support.programs import Said, said

OPEN, ACCEPTED, DECLINED = "NEEDS-ACTION", "ACCEPTED", "DECLINED"
Answers = dict[str, str]


@dataclass
class Date:
    """One date of a series that differs from the rest."""

    start: datetime
    subject: str
    answers: Answers


@dataclass
class Expected:
    """An appointment."""

    uid: str
    owner: str
    start: datetime
    subject: str
    days: int
    answers: Answers
    dates: dict[datetime, Date] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    cancelled: bool = False
    trashed: bool = False

    @property
    def shown_to(self) -> set[str]:
        """Whose calendars show it."""
        return set() if self.trashed else set(self.answers) - self.hidden

    def originals(self) -> list[datetime]:
        """When it takes place, or would if no date differed."""
        return [self.start + timedelta(days=day) for day in range(self.days)]

    def edited(self, text: str, author: str, slugs: Mapping[str, str]) -> None:
        """Take over what an editor wrote from a copy of what it is now.

        A change of time asks everybody but the author again, whose answer it does not change.
        """
        master, dates = said(text)
        old = Date(self.start, self.subject, self.answers)
        rejoined = set(self.dates) - set(dates) if master.days == self.days else set()
        old_dates = {each: self._date(each, old) for each in {*dates, *rejoined}}
        moved = (master.start, master.days) != (self.start, self.days)
        chairs = [slugs[each] for each in master.chairs if slugs[each] != self.owner]
        new = self._taken(master, old, author, slugs, moved=moved)
        self.owner = next((each for each in chairs if each in new.answers), self.owner)
        self.dates = {
            each: self._taken(date, old_dates[each], author, slugs) for each, date in dates.items()
        }
        self.start, self.subject, self.days = master.start, master.subject, master.days
        self._record(self.answers, new.answers)
        self.answers = new.answers
        for original in rejoined:
            self._record(old_dates[original].answers, self.answers)
        for original, date in self.dates.items():
            self._record(old_dates[original].answers, date.answers)

    def _taken(
        self,
        stated: Said,
        old: Date,
        author: str,
        slugs: Mapping[str, str],
        *,
        moved: bool | None = None,
    ) -> Date:
        answers = {slugs[address]: answer for address, answer in stated.answers.items()}
        answers.setdefault(self.owner, old.answers.get(self.owner, OPEN))
        if stated.start != old.start if moved is None else moved:
            for slug, answer in answers.items():
                if slug != author and old.answers.get(slug) == answer:
                    answers[slug] = OPEN
        return Date(stated.start, stated.subject, answers)

    def answered(self, text: str, author: str, slugs: Mapping[str, str]) -> None:
        """Take over what somebody wrote who may only answer: nothing but his own answers."""
        master, dates = said(text)
        given, before = _of(author, master, slugs), self.answers.get(author)
        if given is not None:
            self._set(self.answers, author, given)
            for original, own in self.dates.items():
                # of a date that only others' answers set apart he may not know
                alike = (own.start, own.subject) == (original, self.subject)
                if original not in dates and alike and own.answers.get(author) == before:
                    self._set(own.answers, author, given)
        for original, date in sorted(dates.items()):
            given = _of(author, date, slugs)
            standing = self._date(original, Date(self.start, self.subject, self.answers))
            if given is not None and standing.answers.get(author, given) != given:
                self._set(standing.answers, author, given)
                self.dates[original] = standing

    def deleted(self, slug: str, *, by_editor: bool) -> None:
        """Take it out of somebody's calendar."""
        if self.cancelled:
            self.hidden.add(slug)
        elif by_editor and slug == self.owner:
            self.cancelled = self.trashed = True
        else:
            self._everywhere(lambda answers: answers.update({slug: DECLINED}), where=slug)
            self.hidden.add(slug)

    def handed_over(self, slug: str, by: str) -> None:
        """Put somebody in another's place."""

        def swap(answers: Answers) -> None:
            del answers[slug]
            answers.setdefault(by, OPEN)

        self._everywhere(swap, where=slug)
        self.owner = by if self.owner == slug else self.owner
        self.hidden.discard(by)

    def restored(self) -> None:
        """Bring it back from the corbeille, still Annulé."""
        self.trashed = False

    def _date(self, original: datetime, series: Date) -> Date:
        """Return a date as it stands, or as the series has it."""
        known = self.dates.get(original)
        return known or Date(original, series.subject, dict(series.answers))

    def _everywhere(self, change: Callable[[Answers], None], *, where: str) -> None:
        for answers in (self.answers, *(date.answers for date in self.dates.values())):
            if where in answers:
                change(answers)

    def _set(self, answers: Answers, slug: str, answer: str) -> None:
        self._record({slug: answers.get(slug, "")}, {slug: answer})
        answers[slug] = answer

    def _record(self, before: Answers, after: Answers) -> None:
        """Whoever deleted it sees it again once he is asked anew, or no longer refuses."""
        for slug, answer in after.items():
            if slug not in before or (
                before[slug] != answer and (before[slug] == DECLINED or answer == OPEN)
            ):
                self.hidden.discard(slug)
        self.hidden &= set(self.answers) | set(after)


def planned(text: str, owner: str, slugs: Mapping[str, str], *, uid: str) -> Expected:
    """Return what an object makes that is new in somebody's calendar."""
    master, dates = said(text)

    def of(stated: Said) -> Answers:
        answers = {slugs[address]: answer for address, answer in stated.answers.items()}
        answers[owner] = ACCEPTED if answers.get(owner, OPEN) == OPEN else answers[owner]
        return answers

    made = Expected(uid, owner, master.start, master.subject, master.days, of(master))
    made.dates = {each: Date(date.start, date.subject, of(date)) for each, date in dates.items()}
    return made


def _of(author: str, stated: Said, slugs: Mapping[str, str]) -> str | None:
    return next((a for address, a in stated.answers.items() if slugs[address] == author), None)
