"""Read a YAML file so that every value knows its line.

Plain values follow YAML 1.2: only `true` and `false` are booleans, so `lang: no` and `schedule: 12:30` stay texts.
An empty value (`competitors:` with nothing after it) counts as not given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml

from flows.settings.problems import Path, Problem, SettingsError

MAX_NODES = 100_000
_TABLES = {"null": None, "~": None, "": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?\d+")
_DECIMAL = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?:\.\d*)?[eE][-+]?\d+)")
_ONE_QUOTED_TEXT = "Put the whole value in single quotes: 'zara OR \"zara home\"'"
_SYNTAX_REMEDIES = (
    (r"character '\\t'", "Use spaces instead of tabs."),
    (r"character '[@`%&*!|>]'", "Put the value in single quotes."),
    (r"undefined alias|alphabetic or numeric", "A value that starts with * or & needs single quotes: '*bike'"),
    (r"but found '<scalar>'", _ONE_QUOTED_TEXT),
    (r"mapping values are not allowed", "Check the indentation; a value with a colon and a space needs single quotes."),
    (r"quoted scalar|end of stream", "Close the quotation mark that was opened here."),
    (r"expected a single document", "Remove the line --- and what belongs to the other document."),
    (r"could not find expected ':'", "Write the key, a colon and a space before the value."),
    (r"but found", "Check the indentation: entries of one list or group start in the same column."),
)


@dataclass
class Document:
    """A YAML file's content and where each part of it stands.

    Attributes
    ----------
    data: dicts, lists, texts, numbers and booleans.
    lines: the line of every value and list entry (that of its key where it has one), from 1.
    scalars: the YAML node of every text, for columns inside it.
    empty: keys without a value, which `data` does not hold.
    problems: keys that stand twice, values of an unknown kind.
    """

    file: str
    text: str
    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    scalars: dict[Path, yaml.ScalarNode] = field(default_factory=dict)
    empty: set[Path] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    _node_count: int = 0

    def line(self, path: Path) -> int:
        """Line of the value at `path`, or of the nearest part of the file around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def name(self, path: Path) -> str:
        """The path as a person reads it: `competitors[nordlauf].query`, `sources[#2].url`."""
        text = ""
        value = self.data
        for step in path:
            value = _step(value, step)
            if isinstance(step, int):
                label = next((value[key] for key in ("id", "name", "type") if _is_label(value, key)), f"#{step + 1}")
                text += f"[{label}]"
            else:
                text += f".{step}" if text else step
        return text

    def locate(self, path: Path, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of a character of the text at `path`."""
        node = self.scalars[path]
        start = node.start_mark
        if node.style not in {"|", ">"} and node.end_mark.line == start.line:
            return start.line + 1, start.column + 1 + bool(node.style) + offset
        first = start.line + 1 if node.style in {"|", ">"} else start.line
        for number, raw in enumerate(self.text.split("\n")[first : node.end_mark.line + 1], first):
            shift = start.column + bool(node.style) if number == start.line else len(raw) - len(raw.lstrip())
            length = len(raw[shift:].rstrip())
            if offset <= length:
                return number + 1, shift + offset + 1
            offset -= length + 1
        return start.line + 1, start.column + 1


def read_document(path: FilePath) -> Document:
    """Read a YAML file. Raises SettingsError when it cannot be read at all."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise _unreadable(path, "there is no such file.", "Create it, or name another with --config.") from None
    except IsADirectoryError:
        raise _unreadable(path, "is a folder.", "Name the file in it, for example listening.yaml.") from None
    except OSError as error:
        raise _unreadable(path, f"cannot be read ({error.strerror}).", "Check the file's permissions.") from None
    return parse_document(_decode(path, content), str(path))


def parse_document(text: str, file: str) -> Document:
    """Parse YAML text; `file` is its name in messages. Raises SettingsError when it is not YAML."""
    document = Document(file, text)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise SettingsError(file, [_syntax_problem(error)]) from None
    if root is None:
        raise SettingsError(
            file, [Problem(0, 0, "", "the file is empty.", "Copy the example listening.yaml and edit it.")]
        )
    document.data = _read(document, root, (), ())
    document.lines[()] = 1
    return document


def _unreadable(path: FilePath, wrong: str, remedy: str) -> SettingsError:
    return SettingsError(str(path), [Problem(0, 0, "", wrong, remedy)])


def _decode(path: FilePath, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable(path, "is written in UTF-16.", "Save it as UTF-8.")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        wrong = f"byte {content[error.start]:#04x} is not UTF-8 (an umlaut in Windows or Latin-1 encoding?)."
        raise SettingsError(str(path), [Problem(line, 0, "", wrong, "Save the file as UTF-8.")]) from None


def _syntax_problem(error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError):
        wrong = f"{error.context or ''} {error.problem or ''}".strip()
        mark = error.problem_mark or error.context_mark
        if error.context_mark and re.search("quoted scalar", error.context or ""):
            mark = error.context_mark
        remedy = next((remedy for pattern, remedy in _SYNTAX_REMEDIES if re.search(pattern, wrong)), _ONE_QUOTED_TEXT)
        place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        return Problem(*place, "", f"this is not valid YAML: {wrong}.", remedy)
    if isinstance(error, yaml.reader.ReaderError):
        wrong = f"character U+{error.character:04X} may not stand in YAML."
        return Problem(0, 0, "", wrong, "Remove the invisible character, or save the file anew as UTF-8.")
    return Problem(0, 0, "", f"this is not valid YAML: {error}.", _ONE_QUOTED_TEXT)


def _read(document: Document, node: yaml.Node, path: Path, parents: tuple[yaml.Node, ...]) -> Any:
    """Convert a node, noting the line of everything in it."""
    document.lines.setdefault(path, node.start_mark.line + 1)
    document._node_count += 1
    if node in parents or document._node_count > MAX_NODES:
        place = (node.start_mark.line + 1, node.start_mark.column + 1)
        wrong = "an alias (*name) repeats too much, or the very part that it stands in."
        raise SettingsError(document.file, [Problem(*place, document.name(path), wrong, "Write the value out.")])
    if isinstance(node, yaml.MappingNode):
        return _read_mapping(document, node, path, (*parents, node))
    if isinstance(node, yaml.SequenceNode):
        return [_read(document, child, (*path, i), (*parents, node)) for i, child in enumerate(node.value)]
    return _read_scalar(document, node, path)


def _read_mapping(
    document: Document, node: yaml.MappingNode, path: Path, parents: tuple[yaml.Node, ...]
) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    first_lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
        here = (*path, key)
        if key in first_lines:
            wrong = f"the key stands twice in this group (first in line {first_lines[key]})."
            document.problems.append(Problem(line, column, _joined(path, key), wrong, "Remove one of them."))
            continue
        first_lines[key] = line
        document.lines[here] = line
        value = _read(document, value_node, here, parents)
        if value is None:
            document.empty.add(here)
        else:
            mapping[key] = value
    return mapping


def _read_scalar(document: Document, node: yaml.Node, path: Path) -> Any:
    text = str(node.value)
    document.scalars[path] = node  # type: ignore[assignment]
    if not node.tag.startswith("tag:yaml.org,2002:") or node.tag.endswith((":binary", ":python")):
        place = (node.start_mark.line + 1, node.start_mark.column + 1)
        problem = Problem(
            *place, document.name(path), f"the tag {node.tag} is unknown.", "Remove it, or quote the value."
        )
        document.problems.append(problem)
        return text
    if node.style is not None:  # type: ignore[attr-defined]
        return text
    if text.lower() in _TABLES:
        return _TABLES[text.lower()]
    if _INTEGER.fullmatch(text) and not re.match(r"[-+]?0\d", text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text


def _joined(path: Path, key: str) -> str:
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in (*path, key))


def _step(value: Any, step: str | int) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None


def _is_label(value: Any, key: str) -> bool:
    return isinstance(value, dict) and isinstance(value.get(key), str)
