"""Address: what names a database, and how it is shown."""

from __future__ import annotations

import re

SCHEMA = "lingwu_grid"
"""Where plans are written, unless told."""

ADDRESS = re.compile(r"postgres(?:ql)?://", re.IGNORECASE)
SECRET = re.compile(r"(://[^:/?@]*):[^@]*@|([?&]password=)[^&]*", re.IGNORECASE)
"""What of an address nobody else may read: after the user's name, or as a parameter."""


def is_address(text: object) -> bool:
    """
    Tell whether something names a database.

    Examples
    --------
    >>> is_address("postgresql://gis@10.0.0.8/lingwu"), is_address("data")
    (True, False)
    """
    return isinstance(text, str) and ADDRESS.match(text) is not None


def without_secret(text: str) -> str:
    """
    Give an address, or any text with one in it, without its password.

    Examples
    --------
    >>> without_secret("postgresql://gis:secret@10.0.0.8/lingwu")
    'postgresql://gis@10.0.0.8/lingwu'
    """
    return SECRET.sub(lambda m: f"{m[1]}@" if m[1] else f"{m[2]}***", text)
