"""Telephone numbers that text messages can be sent to, as E.164 has them."""

from __future__ import annotations

import re

from rdv_caldav.domain.errors import InvalidInput

_ORNAMENTS = re.compile(r"[\s.\-/()\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2066-\u2069]+")
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{7,14}", re.ASCII)
_NATIONAL = re.compile(r"0[1-9][0-9]{8}", re.ASCII)
_MOBILE = re.compile(
    r"\+33[67]|\+590690|\+590691|\+594694|\+596696|\+596697|\+262692|\+262693|\+262639"
)
# within France one dials all alike; from outside, each département overseas has a code
_OVERSEAS = (
    ("0690", "590"),
    ("0691", "590"),
    ("0694", "594"),
    ("0696", "596"),
    ("0697", "596"),
    ("0692", "262"),
    ("0693", "262"),
    ("0639", "262"),
    ("0590", "590"),
    ("0594", "594"),
    ("0596", "596"),
    ("0262", "262"),
    ("0263", "262"),
    ("0269", "262"),
)
_OF_FRANCE = ("+33", "+590", "+594", "+596", "+262")


def mobile_number(written: str) -> str:
    """Return a number as it is written in France, or with ``+`` and a country, in E.164.

    ``06 12 34 56 78``, ``+33 (0)6 12…``, ``0033612…`` are the same. In France only what mobile
    phones have is taken: others get no text messages, or are dear. The sentence never repeats the
    number. Raises InvalidInput for what is not clear.
    """
    bare = _ORNAMENTS.sub("", written.replace("(0)", ""))
    number = _with_country("+" + bare[2:] if bare.startswith("00") else bare)
    if not _INTERNATIONAL.fullmatch(number):
        raise InvalidInput("the telephone number is not clear: ten digits, or + and a country")
    if number.startswith(_OF_FRANCE) and not _is_mobile(number):
        raise InvalidInput("the telephone number is not that of a mobile phone")
    return number


def _with_country(bare: str) -> str:
    if not _NATIONAL.fullmatch(bare):
        return bare
    code = next((code for begin, code in _OVERSEAS if bare.startswith(begin)), "33")
    return f"+{code}{bare[1:]}"


def _is_mobile(number: str) -> bool:
    national_digits = 9
    country = next(each for each in _OF_FRANCE if number.startswith(each))
    return len(number) == len(country) + national_digits and bool(_MOBILE.match(number))
