"""YAML's traps: each is refused in words, or read as what it looks like."""

import pathlib

import pytest

from rialto_platform import venue
from rialto_platform.venue import source


def flaws(text: str) -> list[tuple[tuple[str | int, ...], int | None, str]]:
    """Path, line and what is wrong, of a text's flaws."""
    return [(flaw.path, flaw.line, flaw.wrong) for flaw in source.read(text.encode()).flaws]


def test_plain_values_are_read_as_they_look() -> None:
    """Text, whole numbers, truth values, nothing; decimals keep their digits."""
    read = source.read(b'a: text\nb: 12\nc: true\nd: ~\ne: "12"\nf: [1, x]\ng: {h: -3}\ni: 0.10\n')
    assert read.flaws == []
    assert read.value == {
        "a": "text", "b": 12, "c": True, "d": None, "e": "12", "f": (1, "x"), "g": {"h": -3}, "i": 0.1,
    }  # fmt: skip
    assert isinstance(read.value, dict)
    decimal = read.value["i"]
    assert isinstance(decimal, source.Unquoted)
    assert decimal.text == "0.10"


@pytest.mark.parametrize("text", ["yes", "No", "on", "OFF", "y", "True"])
def test_words_that_may_be_truth_values_are_refused(text: str) -> None:
    """YAML 1.1 reads them as truth values, YAML 1.2 as text."""
    assert flaws(f"a:\n  b: {text}") == [
        (("a", "b"), 2, f"{text} is a truth value in some YAML readers and text in others")
    ]


@pytest.mark.parametrize("text", ["1e3", "1.5E-3", "017", "0o17", "0x1F", "1_000", "12:30", ".5", "7.", ".inf", ".NaN"])
def test_words_that_may_be_numbers_are_refused(text: str) -> None:
    """Octal, hexadecimal, base 60, powers of ten: readers disagree."""
    assert flaws(f"a: {text}") == [(("a",), 1, f"{text} is a number to some YAML readers and text to others")]


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("2026-11-21", "a date to some YAML readers and text to others"),
        ("NULL", "nothing at all to some YAML readers and text to others"),
    ],
)
def test_other_words_that_readers_disagree_on_are_refused(text: str, reading: str) -> None:
    """Dates, and nothing in capitals."""
    assert flaws(f"a: {text}") == [(("a",), 1, f"{text} is {reading}")]


@pytest.mark.parametrize("text", ['"yes"', "'1e3'", '"017"', '"2026-11-21"', '"null"'])
def test_quotes_make_text_of_anything(text: str) -> None:
    """What is quoted is never looked at twice."""
    read = source.read(f"a: {text}".encode())
    assert read.flaws == []
    assert read.value == {"a": text[1:-1]}


def test_a_key_that_stands_twice_is_refused() -> None:
    """The first stays, so that the rest can still be checked."""
    read = source.read(b"a: 1\nb: 2\na: 3\n")
    assert [(flaw.path, flaw.line, flaw.wrong) for flaw in read.flaws] == [
        (("a",), 3, "the key stands twice, first on line 1")
    ]
    assert read.value == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("1: a", "the key 1 is not text"),
        ("true: a", "the key true is not text"),
        ("~: a", "the key ~ is not text"),
        ("no: a", "no is a truth value in some YAML readers and text in others"),
        ("? [a, b]\n: c", "a key is a list or a mapping"),
        ("<<: {a: 1}", "a merge key (<<) is used"),
        ("a: !!python/object:os.system x", "the tag tag:yaml.org,2002:python/object:os.system is used"),
        ("a: !!str 1", "the tag tag:yaml.org,2002:str is used"),
        ("a: 1\n---\nb: 2", "a second document starts here"),
        ("a: *b", "*b names no anchor"),
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
    ],
)
def test_what_a_venue_file_never_needs_is_refused(text: str, wrong: str) -> None:
    """Keys that are no text, merges, tags, several documents, aliases of nothing, nothing at all."""
    assert [flaw[2] for flaw in flaws(text)] == [wrong]


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: [1, 2", 1), ("a: 1\n b: 2", 2), ("a: 'x", 1), ("a:\n\t- 1", 2), ("a: @x", 1), ("a: 1\nb", 2)],
)
def test_what_is_not_yaml_is_reported_with_its_line(text: str, line: int) -> None:
    """One problem, since nothing else can be said."""
    [(path, found, wrong)] = flaws(text)
    assert path == ()
    assert found in (line, line + 1)
    assert wrong.startswith("this is not YAML: ")


def test_bytes_that_are_not_text_are_reported() -> None:
    """With the line of the first one."""
    read = source.read(b"venue: a\nregions: \xff\n")
    assert [(flaw.line, flaw.wrong) for flaw in read.flaws] == [(2, "byte 19 of the file is not UTF-8")]
    [flaw] = source.read(b"a: \x00").flaws
    assert flaw.wrong.startswith("this is not YAML: ")


def test_a_byte_order_mark_is_ignored() -> None:
    """Some editors write one."""
    assert source.read(b"\xef\xbb\xbfa: 1").value == {"a": 1}


def test_an_alias_repeats_its_value() -> None:
    """And the path of each copy has the line of its key."""
    read = source.read(b"a: &x {c: 1}\nb: *x\n")
    assert read.flaws == []
    assert read.value == {"a": {"c": 1}, "b": {"c": 1}}
    assert read.line(("b",)) == 2


def test_aliases_that_multiply_are_bounded() -> None:
    """Nine levels of nine aliases would be 387 million values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 9)]
    [(_, _, wrong)] = flaws("\n".join(lines))
    assert wrong == "the file comes to more than 500,000 values"


def test_an_alias_of_itself_is_bounded() -> None:
    """It would never end."""
    [(_, _, wrong)] = flaws("a: &a [*a]")
    assert wrong == "values are nested more than 24 deep"


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000])
def test_depth_is_bounded_before_anything_recurses(text: str) -> None:
    """Deeper than any stack."""
    [(_, _, wrong)] = flaws(text)
    assert wrong == "values are nested more than 24 deep"


def test_size_is_bounded() -> None:
    """Before anything is decoded."""
    [(_, _, wrong)] = flaws("#" * (source.MAX_BYTES + 1))
    assert wrong == "the file is larger than 8,388,608 bytes"


def test_a_long_number_is_text() -> None:
    """The model then says what it expected; converting a million digits would take minutes."""
    read = source.read(b"a: " + b"9" * 100_000)
    assert read.flaws == []
    assert read.value == {"a": "9" * 100_000}


@pytest.mark.parametrize(
    ("text", "found"), [("[1, 2]", "a list"), ("venue", 'the text "venue"'), ("5", "the number 5")]
)
def test_a_file_that_is_no_mapping_is_one_problem(text: str, found: str) -> None:
    """Nothing else can be said."""
    with pytest.raises(venue.VenueError) as raised:
        venue.parse(text.encode())
    [problem] = raised.value.problems
    assert (problem.path, problem.line, problem.wrong) == ("(file)", 1, f"expected a mapping of keys, found {found}")


def test_a_file_that_cannot_be_read_is_a_problem_too(tmp_path: pathlib.Path) -> None:
    """Absent, or a folder."""
    for path in (tmp_path / "absent.yaml", tmp_path):
        with pytest.raises(venue.VenueError) as raised:
            venue.load(path)
        [problem] = raised.value.problems
        assert problem.wrong.startswith(f"{path} cannot be read: ")


def test_the_readers_flaws_come_with_the_models_problems() -> None:
    """And the same value is not reported twice."""
    with pytest.raises(venue.VenueError) as raised:
        venue.parse(b"venue: no\nnode: {memory: 4 GiB, disk: 1e3}\nmarkets: 5\n")
    assert [problem.path for problem in raised.value.problems] == [
        "venue",
        "regions",
        "objectives",
        "node.disk",
        "markets",
    ]
