"""The plain part of TOML that zoo files are written in, read quickly; whatever else a file holds is left to ``tomllib``.

Two thirds of the time that an entry takes to load went into the parser of the standard library, which looks at every
character. A zoo file has one table or one key a line, and values on one line: these need three patterns.
"""

import re
import tomllib
from datetime import date
from typing import Any

_TEXT = r'"([^"\\\x00-\x1f\x7f]*)"'
_SCALAR = rf"(?:{_TEXT}|(true|false)|(\d{{4}}-\d\d-\d\d)|(-?(?:0|[1-9]\d*)(?:\.\d+)?))"
_HEAD = re.compile(r"\[([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\]", re.ASCII)
_LINE = re.compile(rf"([A-Za-z_]\w*) = (?:{_SCALAR}|\{{(.+)\}}|\[(.*)\])", re.ASCII)
_PAIR = re.compile(rf"([A-Za-z_]\w*) = {_SCALAR}(?:, |$)", re.ASCII)
_ITEM = re.compile(rf"{_TEXT}(?:, |$)")


class _NotPlainError(ValueError):
    pass


def _scalar(text: str | None, flag: str | None, day: str | None, number: str) -> Any:
    if text is not None:
        return text
    if flag:
        return flag == "true"
    if day:
        return date.fromisoformat(day)
    return float(number) if "." in number else int(number)


def _all(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """Return matches that follow one another from the beginning of a text to its end."""
    found, at = [], 0
    while at < len(text):
        match = pattern.match(text, at)
        if match is None:
            raise _NotPlainError(text)
        found.append(match)
        at = match.end()
    if text.endswith(", "):
        raise _NotPlainError(text)
    return found


def _put(table: dict[str, Any], key: str, value: Any) -> None:
    if key in table:
        raise _NotPlainError(key)
    table[key] = value


def _read(text: str) -> dict[str, Any]:
    here: dict[str, Any] = {}
    tables: dict[tuple[str, ...], dict[str, Any]] = {(): here}
    opened = set()
    for line in text.split("\n"):
        if not line:
            continue
        if head := _HEAD.fullmatch(line):
            path = tuple(head[1].split("."))
            for depth in range(1, len(path) + 1):
                if path[:depth] not in tables:
                    tables[path[:depth]] = {}
                    _put(tables[path[: depth - 1]], path[depth - 1], tables[path[:depth]])
            if path in opened:
                raise _NotPlainError(line)
            opened.add(path)
            here = tables[path]
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise _NotPlainError(line)
        key, *scalar, inline, listed = match.groups()
        if inline is not None:
            value: Any = {}
            for pair in _all(_PAIR, inline):
                _put(value, pair[1], _scalar(*pair.groups()[1:]))
        elif listed is not None:
            value = [item[1] for item in _all(_ITEM, listed)]
        else:
            value = _scalar(*scalar)
        _put(here, key, value)
    return tables[()]


def loads(text: str) -> dict[str, Any]:
    """Return what a TOML text says.

    Raises
    ------
    tomllib.TOMLDecodeError
        It is no TOML.
    """
    try:
        return _read(text)
    except ValueError:
        return tomllib.loads(text)
