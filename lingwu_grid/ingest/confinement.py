"""
Confinement: a process gives up the network and all files but some, for good (Linux).

Landlock (kernel 5.13) takes the files, a system call filter (seccomp) takes the network; neither
asks for rights. Other systems offer nothing that a process may do to itself without them.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""Numbers of the three calls of Landlock, the same on every machine."""

NO_NEW_PRIVILEGES, SET_SECCOMP, MODE_FILTER = 38, 22, 2
PATH_BENEATH = 1
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
RIGHTS_OF = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Rights to files that each version of Landlock knows, from `include/uapi/linux/landlock.h`."""

FILE_RIGHTS = 1 | 1 << 1 | READ_FILE | 1 << 14 | 1 << 15
"""Rights that a rule on a single file may name: run, write, read, truncate, ask a device."""

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""How the kernel calls each machine."""

REFUSED = {
    # socket, io_uring_setup (another way to one), ptrace, process_vm_writev, kill, tkill, tgkill,
    # pidfd_send_signal; chmod, fchmod, fchmodat, fchmodat2, chown, fchown, lchown, fchownat; utime,
    # utimes, futimesat, utimensat; setxattr and removexattr, l and f.
    "x86_64": (
        41, 425, 101, 311, 62, 200, 234, 424, 90, 91, 268, 452, 92, 93, 94, 260, 132, 235, 261,
        280, 188, 189, 190, 197, 198, 199,
    ),
    "aarch64": (
        198, 425, 117, 271, 129, 130, 131, 424, 52, 53, 452, 54, 55, 88, 5, 6, 7, 14, 15, 16,
    ),
}  # fmt: skip
"""Numbers of the calls that are refused: what Landlock does not take away."""

OTHER_CALLS = 0x40000000
"""From here on the same calls have other numbers (x32)."""

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, DENY = 0x7FFF0000, 0x00050000 | errno.EACCES


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


class _Step(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )  # fmt: skip


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.POINTER(_Step)))


def confine(readable: Iterable[Path], writable: Iterable[Path]) -> tuple[bool, bool]:
    """
    Give up the network, running programs, other processes, and all files but those named, for good.

    Parameters
    ----------
    readable, writable
        Files and folders with all that is in them; those that are not there are passed over.

    Returns
    -------
    tuple
        Whether files are confined, and whether the network is gone.
    """
    if sys.platform != "linux":
        return False, False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False, False
    return _without_files(libc, readable, writable), _without_network(libc)


def _without_files(libc: ctypes.CDLL, readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    version = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    rights = RIGHTS_OF[max(v for v in RIGHTS_OF if v <= version)]
    handled = _Ruleset(rights)
    size = ctypes.c_size_t(ctypes.sizeof(handled))
    ruleset = libc.syscall(CREATE_RULESET, ctypes.byref(handled), size, 0)
    if ruleset < 0:
        return False
    only_read = READ_FILE | READ_FOLDER
    for allowed, paths in ((only_read, readable), (rights & ~1, writable)):
        for path in paths:
            _allow(libc, ruleset, path, allowed)
    done = libc.syscall(RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return bool(done)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # not there: nothing to allow
        return
    rule = _Beneath(rights if path.is_dir() else rights & FILE_RIGHTS, opened)
    libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0)
    os.close(opened)


def _without_network(libc: ctypes.CDLL) -> bool:
    machine = platform.machine()
    if machine not in REFUSED:
        return False
    calls = REFUSED[machine]
    steps = (
        _Step(LOAD, 0, 0, 4),  # which machine's calls
        _Step(JUMP_EQUAL, 0, len(calls) + 3, MACHINES[machine]),
        _Step(LOAD, 0, 0, 0),  # which call
        _Step(JUMP_AT_LEAST, len(calls) + 1, 0, OTHER_CALLS),
        *(_Step(JUMP_EQUAL, len(calls) - i, 0, call) for i, call in enumerate(calls)),
        _Step(RETURN, 0, 0, ALLOW),
        _Step(RETURN, 0, 0, DENY),
    )
    program = _Filter(len(steps), (_Step * len(steps))(*steps))
    return bool(libc.prctl(SET_SECCOMP, MODE_FILTER, ctypes.byref(program), 0, 0) == 0)
