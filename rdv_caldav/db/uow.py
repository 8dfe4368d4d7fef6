"""One transaction as the repositories that work in it: the unit of work."""

from __future__ import annotations

from sqlalchemy import Connection

from rdv_caldav.db.accounts import AccountRepository
from rdv_caldav.db.agency import AgencyRepository
from rdv_caldav.db.answers_reading import AnswersReading
from rdv_caldav.db.appointments import AppointmentRepository
from rdv_caldav.db.beginnings import Beginnings
from rdv_caldav.db.busy_reading import BusyReading
from rdv_caldav.db.calendar_reading import CalendarReading
from rdv_caldav.db.calendars import CalendarRepository
from rdv_caldav.db.conflicts import ConflictRepository
from rdv_caldav.db.conflicts_reading import ConflictReading
from rdv_caldav.db.contacts import Contacts
from rdv_caldav.db.control_reading import ControlReading
from rdv_caldav.db.device_passwords import DevicePasswords
from rdv_caldav.db.due_dates import DueDates
from rdv_caldav.db.export_jobs import ExportJobs
from rdv_caldav.db.feeds import Feeds
from rdv_caldav.db.inbox import InboxRepository
from rdv_caldav.db.journal import Journal
from rdv_caldav.db.journal_reading import JournalReading
from rdv_caldav.db.kept import Kept
from rdv_caldav.db.login_attempts import LoginAttempts
from rdv_caldav.db.mail_reading import MailReading
from rdv_caldav.db.mail_templates import MailTemplates
from rdv_caldav.db.mail_threads import MailThreads
from rdv_caldav.db.measuring import Measuring
from rdv_caldav.db.member_reading import MemberReading
from rdv_caldav.db.mending import Mending
from rdv_caldav.db.outbox import Outbox
from rdv_caldav.db.parts import PartRepository
from rdv_caldav.db.people import PeopleRepository
from rdv_caldav.db.people_listing import PeopleListing
from rdv_caldav.db.personal import PersonalRepository
from rdv_caldav.db.personal_objects import PersonalObjects
from rdv_caldav.db.personal_reading import PersonalReading
from rdv_caldav.db.planning_reading import PlanningReading
from rdv_caldav.db.received_mails import ReceivedMails
from rdv_caldav.db.saved_filters import SavedFilters
from rdv_caldav.db.undelivered import UndeliveredReading
from rdv_caldav.db.verifying_reading import VerifyingReading
from rdv_caldav.db.web_sessions import WebSessions


class TransactionDoomed(RuntimeError):
    """A doomed transaction reached its end: it is rolled back."""


class Transaction:
    """What happens in it happens together or not at all.

    Its repositories, by subject:

    - ``agency``, ``people`` and ``people_listing``, ``accounts`` with ``devices``,
      ``login_attempts`` and ``web_sessions``;
    - ``appointments``, ``control`` (lists of all of them) with ``saved_filters`` and
      ``export_jobs``, ``planning``;
    - ``calendars`` (writing them), ``reading`` (reading them), ``members`` (what they show),
      ``parts`` (who is shown some dates of a series only), ``busy`` (when that keeps somebody
      busy), ``conflicts`` and ``conflicts_reading`` (who is wanted twice at once);
    - ``personal``, ``personal_objects`` and ``personal_reading`` (what accounts keep for
      themselves), ``inbox`` (messages for their programs);
    - ``journal`` with ``answers`` (those that it tells of);
    - ``outbox``, ``mail_templates``, ``mail_threads`` (who was written what), ``received_mails``,
      ``undelivered`` (what did not reach them), ``mail_reading`` (lists of what is sent and came
      in), ``contacts`` (how persons are reached), ``due_dates`` (to remind of), ``feeds``;
    - ``beginnings`` (whether there is anything at all), ``verifying`` and
      ``mending`` (whether it all agrees), ``measuring`` (how much waits).
    """

    def __init__(self, connection: Connection, kept: Kept) -> None:
        """Work on a connection whose transaction has begun; ``kept`` is what it need not read."""
        self.agency = AgencyRepository(connection, kept)
        self.people = PeopleRepository(connection, kept)
        self.people_listing = PeopleListing(connection)
        self.accounts = AccountRepository(connection, kept, self.people)
        self.devices = DevicePasswords(connection)
        self.login_attempts = LoginAttempts(connection)
        self.appointments = AppointmentRepository(connection)
        self.calendars = CalendarRepository(connection)
        self.reading = CalendarReading(connection)
        self.members = MemberReading(connection)
        self.parts = PartRepository(connection)
        self.busy = BusyReading(connection)
        self.inbox = InboxRepository(connection)
        self.conflicts = ConflictRepository(connection)
        self.conflicts_reading = ConflictReading(connection)
        self.journal = Journal(connection)
        self.journal_reading = JournalReading(connection)
        self.answers = AnswersReading(connection)
        self.beginnings = Beginnings(connection)
        self.outbox = Outbox(connection)
        self.mail_templates = MailTemplates(connection)
        self.mail_threads = MailThreads(connection)
        self.received_mails = ReceivedMails(connection)
        self.mail_reading = MailReading(connection)
        self.undelivered = UndeliveredReading(connection)
        self.contacts = Contacts(connection)
        self.due_dates = DueDates(connection)
        self.feeds = Feeds(connection)
        self.personal = PersonalRepository(connection)
        self.personal_objects = PersonalObjects(connection)
        self.personal_reading = PersonalReading(connection)
        self.web_sessions = WebSessions(connection)
        self.control = ControlReading(connection)
        self.planning = PlanningReading(connection)
        self.saved_filters = SavedFilters(connection)
        self.export_jobs = ExportJobs(connection)
        self.measuring = Measuring(connection)
        self.verifying = VerifyingReading(connection)
        self.mending = Mending(connection)
        self._doomed = False

    def doom(self) -> None:
        """Make sure that nothing of this is committed, whatever anybody catches later."""
        self._doomed = True

    def check_not_doomed(self) -> None:
        """Raise TransactionDoomed after :meth:`doom`."""
        if self._doomed:
            raise TransactionDoomed("a handler failed: nothing was written")
