"""What is in an account's own calendars and folders: all that the edges use of it."""

from __future__ import annotations

from rdv_caldav.domain.personal import PersonalObject
from rdv_caldav.services.personal.bodies import Body, read_body
from rdv_caldav.services.personal.changes import changes
from rdv_caldav.services.personal.object_transfers import copy_object, move_object
from rdv_caldav.services.personal.reading import (
    listing,
    object_with_uid,
    objects,
    objects_in_range,
    objects_of_component,
)
from rdv_caldav.services.personal.writing import (
    PutPersonal,
    delete_object,
    keep_object_properties,
    put_object,
)

__all__ = [
    "Body",
    "PersonalObject",
    "PutPersonal",
    "changes",
    "copy_object",
    "delete_object",
    "keep_object_properties",
    "listing",
    "move_object",
    "object_with_uid",
    "objects",
    "objects_in_range",
    "objects_of_component",
    "put_object",
    "read_body",
]
