"""What a process writes of itself: lines for people, or JSON for programs that collect them."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime

TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class JsonFormatter(logging.Formatter):
    """One JSON object a line.

    Of an exception it says the kind and where it came from, never its message: that may quote
    what people wrote.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as a line, its time in UTC."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        request = getattr(record, "request", None)
        if request is not None:
            line["request"] = request
        if record.exc_info and record.exc_info[0] is not None:
            frames = traceback.extract_tb(record.exc_info[2])
            line["exception"] = record.exc_info[0].__name__
            line["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(line, ensure_ascii=False)


def start_logging(*, level: str, log_format: str) -> None:
    """Write the process's log to standard error, as ``text`` or ``json``."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if log_format == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=level, handlers=[handler])
    # each check of the schema, so each /healthz, would write two lines
    logging.getLogger("alembic").setLevel(logging.WARNING)
