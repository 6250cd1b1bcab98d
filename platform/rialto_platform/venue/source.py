"""A venue file's text as plain values with their line numbers.

A subset of YAML without its traps: values that YAML 1.1 and 1.2 read differently are refused, keys are text
and stand once, there are no tags and no merge keys, and size, depth and the expansion of aliases are bounded.
Numbers with a decimal point keep their digits (:class:`Unquoted`), so that a message can show them as they
were written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml
from yaml import events

from rialto_platform.venue.problems import Path

MAX_BYTES = 8 << 20
"""The largest file that is read."""
MAX_DEPTH = 24
"""The deepest nesting of mappings and lists."""
MAX_VALUES = 500_000
"""The most values a file may come to once its aliases are expanded: a market of 65,535 instruments fits."""

Raw: TypeAlias = "bool | int | Unquoted | str | tuple[Raw, ...] | dict[str, Raw] | None"
"""A value of a venue file before the model has seen it; lists are tuples, since the model is frozen."""

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}")
_AMBIGUOUS = {
    "a truth value in some YAML readers and text in others": re.compile(r"(?i)y|n|yes|no|on|off|true|false"),
    "a number to some YAML readers and text to others": re.compile(
        r"""[-+]?( 0[0-9_]+ | 0o[0-7_]+ | 0x[0-9A-Fa-f_]+ | 0b[01_]+      # octal, hexadecimal, binary
        | [0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?                                # 1_000
        | ([0-9]+(\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]+                     # 1e3
        | [0-9]+\. | \.[0-9]+ | \.(?i:inf|nan)                            # 1. .5 .inf
        | [0-9]+(:[0-5]?[0-9])+(\.[0-9]*)? )                              # 1:30, base 60""",
        re.VERBOSE,
    ),
    "a date to some YAML readers and text to others": re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"),
    "nothing at all to some YAML readers and text to others": re.compile(r"(?i)null"),
}


class Unquoted(float):
    """A number with a decimal point, written without quotes; ``text`` is what the file says."""

    text: str

    def __new__(cls, text: str) -> "Unquoted":
        """The number that ``text`` writes."""
        self = super().__new__(cls, text)
        self.text = text
        return self


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something the reader refuses, at a path."""

    path: Path
    line: int | None
    wrong: str
    right: str


@dataclass(slots=True)
class Source:
    """What was read: the value, the line of each path, and what the reader refuses."""

    value: Raw = None
    lines: dict[Path, int] = field(default_factory=dict[Path, int])
    flaws: list[Flaw] = field(default_factory=list[Flaw])

    def line(self, path: Path) -> int | None:
        """The line of ``path``, or of the nearest value that encloses it."""
        for length in range(len(path), -1, -1):
            found = self.lines.get(path[:length])
            if found is not None:
                return found
        return None


class _StopError(Exception):
    """Nothing can be read beyond this."""

    def __init__(self, line: int | None, wrong: str, right: str) -> None:
        super().__init__(wrong)
        self.flaw = Flaw((), line, wrong, right)


def read(data: bytes) -> Source:
    """Reads a venue file's bytes. Never raises: what it cannot read is among ``flaws``."""
    source = Source()
    try:
        source.value = _Reader(source).value((), _compose(_text(data)))
    except _StopError as stop:
        source.flaws.append(stop.flaw)
    return source


def _text(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _StopError(
            None, f"the file is larger than {MAX_BYTES:,} bytes", "split the venue or remove what is not part of it"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _StopError(line, f"byte {error.start + 1} of the file is not UTF-8", "save the file as UTF-8") from None


@dataclass(slots=True)
class _Scalar:
    line: int
    text: str
    plain: bool


@dataclass(slots=True)
class _Collection:
    """A list, or a mapping with its keys and values in turn."""

    line: int
    mapping: bool
    items: list["_Node"] = field(default_factory=list["_Node"])


_Node: TypeAlias = "_Scalar | _Collection"


def _compose(text: str) -> _Node:
    """The node tree of the only document."""
    try:
        return _one_document(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else None
        raise _StopError(
            line, f"this is not YAML: {error.problem or error.context}", "mend the line or the one before"
        ) from None
    except yaml.YAMLError as error:
        reason = str(error).splitlines()[0]
        raise _StopError(None, f"this is not YAML: {reason}", "remove characters that cannot be printed") from None


def _one_document(stream: Iterator[events.Event]) -> _Node:
    """Builds the tree from the parser's events, so that its depth is bounded before it is built."""
    root: _Node | None = None
    parents: list[_Collection] = []
    anchors: dict[str, _Node] = {}
    documents = 0
    for event in stream:
        line = _line(event)
        if isinstance(event, events.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _StopError(line, "a second document starts here", "keep one venue in one file, without ---")
        if isinstance(event, events.CollectionEndEvent):
            parents.pop()
        if not isinstance(event, events.NodeEvent):
            continue
        node = _node(event, line, anchors)
        if parents:
            parents[-1].items.append(node)
        else:
            root = node
        if isinstance(event, events.CollectionStartEvent) and isinstance(node, _Collection):
            parents.append(node)
            if len(parents) > MAX_DEPTH:
                raise _StopError(
                    line, f"values are nested more than {MAX_DEPTH} deep", "keep to the shape of the schema"
                )
    if root is None:
        raise _StopError(None, "the file is empty", 'start with "venue: NAME"; stacks/venues/laptop.yaml is an example')
    return root


def _line(event: events.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1


def _node(event: events.NodeEvent, line: int, anchors: dict[str, _Node]) -> _Node:
    anchor = event.anchor
    if isinstance(event, events.AliasEvent):
        if anchor not in anchors:
            raise _StopError(line, f"*{anchor} names no anchor", f"write &{anchor} before the value it means")
        return anchors[anchor]
    node: _Node
    if isinstance(event, events.ScalarEvent):
        node = _Scalar(line, event.value, plain=event.implicit[0])
        tag = event.tag
    else:
        node = _Collection(line, mapping=isinstance(event, events.MappingStartEvent))
        tag = event.tag if isinstance(event, events.CollectionStartEvent) else None
    if tag is not None:
        raise _StopError(line, f"the tag {tag} is used", "remove it: a venue file has plain values only")
    if anchor is not None:
        anchors[anchor] = node
    return node


class _Reader:
    """Turns nodes into values; the same node is converted again at each alias, since paths differ."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.values = 0

    def value(self, path: Path, node: _Node) -> Raw:
        self.source.lines.setdefault(path, node.line)
        self.values += 1
        if self.values > MAX_VALUES:
            raise _StopError(
                node.line, f"the file comes to more than {MAX_VALUES:,} values", "remove the aliases that repeat them"
            )
        if len(path) > MAX_DEPTH:
            raise _StopError(
                node.line, f"values are nested more than {MAX_DEPTH} deep", "an alias may not contain itself"
            )
        if isinstance(node, _Scalar):
            return self.plain(path, node.line, node.text) if node.plain else node.text
        if node.mapping:
            return self.mapping(path, node)
        return tuple([self.value((*path, index), item) for index, item in enumerate(node.items)])

    def mapping(self, path: Path, node: _Collection) -> dict[str, Raw]:
        out: dict[str, Raw] = {}
        for key_node, value_node in zip(node.items[::2], node.items[1::2], strict=True):
            line = key_node.line
            if not isinstance(key_node, _Scalar):
                self.flaw(path, line, "a key is a list or a mapping", "write a name as the key")
                continue
            key = key_node.text
            if key_node.plain and key == "<<":
                self.flaw(path, line, "a merge key (<<) is used", "write the keys out")
                continue
            if key in out:
                first = self.source.line((*path, key))
                self.flaw((*path, key), line, f"the key stands twice, first on line {first}", "remove one of them")
                continue
            if key_node.plain and not isinstance(self.plain((*path, key), line, key), str):
                self.flaw((*path, key), line, f"the key {key} is not text", f'write "{key}" in quotes, or a name')
            self.source.lines[(*path, key)] = line
            out[key] = self.value((*path, key), value_node)
        return out

    def plain(self, path: Path, line: int, text: str) -> Raw:
        """A scalar without quotes."""
        if text in ("", "~", "null"):
            return None
        if text in ("true", "false"):
            return text == "true"
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return Unquoted(text)
        for reading, pattern in _AMBIGUOUS.items():
            if pattern.fullmatch(text):
                self.flaw(path, line, f"{text} is {reading}", _instead(text))
                break
        return text

    def flaw(self, path: Path, line: int, wrong: str, right: str) -> None:
        self.source.flaws.append(Flaw(path, line, wrong, right))


def _instead(text: str) -> str:
    lower = text.lower()
    if lower in ("y", "yes", "on", "true", "n", "no", "off", "false"):
        meant = "true" if lower in ("y", "yes", "on", "true") else "false"
        return f'write {meant} for the truth value, or "{text}" in quotes for the text'
    return f'write a plain decimal number, or "{text}" in quotes for the text'
