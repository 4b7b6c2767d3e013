"""Patches: what a street office sends back; read with care, since anybody may have touched it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lingwu_grid.contract.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SCHEMA = "lingwu_grid/patch/1"
MOST_BYTES = 20_000_000
"""A patch for every unit of a large town is smaller."""

TEXT_LENGTH = 500

FARTHEST = 360_000_000
"""Millionths of a degree; nothing on Earth lies farther."""


@dataclass(frozen=True)
class Edit:
    """A unit that an office gives to another grid."""

    unit: str
    before: str
    after: str


@dataclass(frozen=True)
class Comment:
    """A remark pinned to a place, degrees."""

    lon: float
    lat: float
    grid: str
    text: str


@dataclass(frozen=True)
class Patch:
    """
    What one office wishes.

    Parameters
    ----------
    name
        The file.
    plan, street
        What it is about.
    reviewer
        Who wrote it; may be empty.
    edits, comments
        Changes and remarks.
    new_grids
        Community of each new grid, by the patch's own id.
    locks
        Grids that are to stay as the patch leaves them.
    """

    name: str
    plan: str
    street: str
    reviewer: str
    edits: tuple[Edit, ...]
    new_grids: dict[str, str]
    locks: tuple[str, ...]
    comments: tuple[Comment, ...]
    digest: str = ""
    """Of the content: two files of one name are told apart by it."""


def canonical(content: dict[str, Any]) -> str:
    """Give the content as one line, byte for byte what the page sums over."""
    rows = [
        content["schema"],
        content["plan"],
        content["street"],
        content["reviewer"],
        [[e["unit"], e["from"], e["to"]] for e in content["edits"]],
        [[g["id"], g["community"]] for g in content["new_grids"]],
        content["locks"],
        [[c["x"], c["y"], c["grid"], c["text"]] for c in content["comments"]],
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def digest(content: dict[str, Any]) -> str:
    """Sum a patch up (SHA-256, hexadecimal)."""
    return hashlib.sha256(canonical(content).encode("utf-8", "surrogatepass")).hexdigest()


def read_patch(path: Path) -> Patch:
    """
    Read a patch.

    Parameters
    ----------
    path
        A JSON file that the review page wrote.

    Raises
    ------
    InputError
        If it cannot be read, is no patch, or was altered.
    """
    return patch_of(_content(path), path.name)


def patch_of(content: object, name: str) -> Patch:
    """
    Take what a review page sealed.

    Parameters
    ----------
    content
        What it wrote, as parsed.
    name
        What it is called by: its file.

    Raises
    ------
    InputError
        If something is missing, of another type, or was altered.
    """
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise _no_patch(name, f"schema 应为 {SCHEMA}")
    try:
        _require_types(content)
        is_whole = digest(content) == content["hash"]
    except KeyError as error:
        raise _no_patch(name, f"缺少 {error}") from error
    except (TypeError, ValueError) as error:
        raise _no_patch(name, "内容的格式不对") from error
    if not is_whole:
        raise InputError(
            "意见文件被改动过，校验和不符",
            where=name,
            remedy="请街道重新从审议页导出，不要用别的程序打开后保存",
        )
    return Patch(
        name=name,
        plan=content["plan"],
        street=content["street"],
        reviewer=content["reviewer"],
        edits=tuple(
            dict.fromkeys(
                Edit(e["unit"], e["from"], e["to"])
                for e in content["edits"]
                if e["from"] != e["to"]
            )
        ),
        new_grids={g["id"]: g["community"] for g in content["new_grids"]},
        locks=tuple(content["locks"]),
        comments=tuple(
            Comment(c["x"] / 1e6, c["y"] / 1e6, c["grid"], c["text"][:TEXT_LENGTH])
            for c in content["comments"]
        ),
        digest=content["hash"],
    )


def _content(path: Path) -> object:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _no_patch(path.name, "文件太大")
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InputError("没有这个意见文件", where=str(path), remedy="核对文件名") from error
    except IsADirectoryError as error:
        raise _not_a_file(path) from error
    except OSError as error:
        if path.is_dir():  # Windows says that it is forbidden
            raise _not_a_file(path) from error
        raise InputError(
            "打不开意见文件", where=str(path), remedy="关闭正在使用它的程序，确认有权读取"
        ) from error
    except (ValueError, RecursionError) as error:
        raise _no_patch(path.name, "不是 JSON") from error
    return content


def _not_a_file(path: Path) -> InputError:
    return InputError(
        "给的是文件夹，不是意见文件",
        where=str(path),
        remedy="写到文件为止，例如 文件夹/意见.json",
    )


def _no_patch(name: str, why: str) -> InputError:
    return InputError(
        f"这不是审议意见文件：{why}",
        where=name,
        remedy="请街道在审议页按“导出意见”，把导出的文件原样发来",
    )


def _require_types(content: dict[str, Any]) -> None:
    texts = [content["plan"], content["street"], content["reviewer"], content["hash"]]
    texts += content["locks"]
    for edit in content["edits"]:
        texts += [edit["unit"], edit["from"], edit["to"]]
    for grid in content["new_grids"]:
        texts += [grid["id"], grid["community"]]
    for comment in content["comments"]:
        texts += [comment["grid"], comment["text"]]
        places = [comment[axis] for axis in ("x", "y")]
        if not all(type(place) is int and abs(place) <= FARTHEST for place in places):
            raise TypeError("a place is no whole number of millionths of a degree")
    for text in texts:
        if not isinstance(text, str):
            raise TypeError("what should be text is none")
        text.encode()  # half a character pair is no text either


def named_apart(patches: Sequence[Patch], given: Sequence[object]) -> list[Patch]:
    """
    Name patches by their whole paths where two offices sent files of one name.

    Parameters
    ----------
    patches
        As read.
    given
        The path of each, or the patch itself.
    """
    names = [patch.name for patch in patches]
    return [
        replace(patch, name=str(path))
        if names.count(patch.name) > 1 and path is not patch
        else patch
        for patch, path in zip(patches, given, strict=True)
    ]
