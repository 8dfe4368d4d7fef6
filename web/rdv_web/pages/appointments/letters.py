"""How is said that messages wait to be sent."""

from __future__ import annotations

from flask_babel import ngettext


def messages_ready(count: int) -> str:
    """Say that so many messages wait to be sent."""
    return str(
        ngettext(
            "%(num)d message est prêt à partir.", "%(num)d messages sont prêts à partir.", count
        )
    )
