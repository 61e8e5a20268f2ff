"""Texts that steer a terminal or a CI service, if they reach one as they are."""

from __future__ import annotations

import re

__all__ = ["COMMANDS_OF_CI", "STEERING", "commands_in", "steers"]

STEERING: dict[str, str] = {
    "colour": "\x1b[31m",
    "a title": "\x1b]0;mine\x07",
    "a link": "\x1b]8;;http://evil\x1b\\",
    "erase": "\x1b[2J\x1b[H",
    "C0": "".join(map(chr, range(1, 32))),
    "DEL": "\x7f",
    "C1": "".join(map(chr, range(0x80, 0xA0))),
    "a C1 command": "\x9b31m\x9d0;mine\x9c",
    "bidirectional marks": "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
    "separators": "\u2028\u2029",
    "line ends": "a\r\nb\rc\nd\x0be\x0cf\x85g",
    "invisible": "\u200b\u2060\ufeff\u00ad",
    "tags": "\U000e0041\U000e0042",
    "a lone surrogate": "\ud800",
    "backspaces": "secret\b\b\b\b\b\b",
}

COMMANDS_OF_CI: dict[str, str] = {
    "an error": "::error::hello",
    "an error of a file": "::error file=a,line=1::hello",
    "an error, indented": "   ::error::hello",
    "an error behind a tab": "\t::error::hello",
    "an error on a line of its own": "x\n::error::hello",
    "an error behind a carriage return": "x\r::error::hello",
    "stop-commands": "::stop-commands::token",
    "a mask": "::add-mask::hello",
    "an old error": "##[error]hello",
    "an old error within a line": "see ##[error]hello",
    "an old error behind more marks": "####[error]hello",
    "an old group": "##[group]hello",
    "an old command": "##[add-path]/tmp",
    "Azure": "##vso[task.complete result=Failed]hello",
    "Azure within a line": "see ##vso[task.setvariable variable=a]hello",
    "Azure's section": "##[section]hello",
    "TeamCity": "##teamcity[buildProblem description='hello']",
    "GitLab": "\x1b[0Ksection_start:1560896352:mine\r\x1b[0Khello",
    "GitLab's end": "section_end:1560896352:mine\r\x1b[0K",
}


def steers(text: str) -> list[str]:
    """Return the characters in a text of several lines that a terminal would not just show."""
    return sorted({char for char in text if not char.isprintable() and char != "\n"})


def commands_in(text: str) -> list[str]:
    """Return the lines that are commands of a CI service."""
    found = re.compile(r"^\s*::[\w-]+.*::|##\[|##vso\[|##teamcity\[|section_(start|end):[0-9]+:\w+\r", re.MULTILINE)
    return [match[0] for match in found.finditer(text)]
