"""Messages between the process that reads files and its keeper: a length, then so many bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

MOST_BYTES = 2**36
LENGTH = 8
"""Bytes before each message that tell its length."""


def send(target: BinaryIO, message: bytes) -> None:
    """Write a message."""
    target.write(len(message).to_bytes(LENGTH, "little"))
    target.write(message)
    target.flush()


def received(source: BinaryIO, most: int = MOST_BYTES) -> bytes | None:
    """
    Read a message; None where the other side is gone.

    Raises
    ------
    ValueError
        If it says that it is longer than `most` bytes.
    """
    head = source.read(LENGTH)
    length = int.from_bytes(head, "little")
    if length > most:
        raise ValueError(f"a message of {length} bytes")
    message = source.read(length)
    return message if len(head) == LENGTH and len(message) == length else None
