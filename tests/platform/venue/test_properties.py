"""Whatever a file holds, reading it gives a venue or every problem of it, and nothing else."""

import pathlib
from typing import TypeAlias

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rialto_platform import venue
from rialto_platform.venue import shape, source, units

VENUES = pathlib.Path(__file__).parents[3] / "stacks" / "venues"
TEXTS = [(VENUES / name).read_text() for name in ("laptop.yaml", "three-clouds.yaml")]
Tree: TypeAlias = "bool | int | float | str | list[Tree] | dict[str, Tree] | None"
Path: TypeAlias = tuple[str | int, ...]
TREES: list[Tree] = [yaml.safe_load(text) for text in TEXTS]

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        [
            "us",
            "asia",
            "BARK",
            "FLOW01",
            "zone",
            "region",
            "aws",
            "0.01",
            "10.1.0.0/16",
            "0.0.0.0/0",
            "10.0.0.0/32",
            "-1",
            "0.0001",
            "429496.7295",
            "1",
        ]
    ),
    st.sampled_from(["0 s", "1 ms", "100 %", "1 Gbit/s", "4 GiB", "99999999999999999999"]),
)
VALUES: st.SearchStrategy[Tree] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def read(data: bytes) -> list[venue.Problem]:
    """The problems of a file's bytes; anything but a venue or a VenueError fails the test."""
    try:
        found = venue.parse(data)
    except venue.VenueError as error:
        problems = error.problems
    else:
        assert isinstance(found, venue.Venue)
        return []
    assert problems
    assert all(problem.path and problem.wrong and problem.right for problem in problems)
    return problems


def items(tree: Tree) -> list[tuple[str | int, Tree]]:
    """Keys or positions with their values; none for a scalar."""
    match tree:
        case dict():
            return list(tree.items())
        case list():
            return list(enumerate(tree))
        case _:
            return []


def paths(tree: Tree, path: Path = ()) -> list[Path]:
    """The path of every value in a tree but the tree itself."""
    return [found for key, inner in items(tree) for found in [(*path, key), *paths(inner, (*path, key))]]


def changed(tree: Tree, path: Path, act: str, new: Tree) -> Tree:
    """A tree with the value at ``path`` replaced, removed, or with ``new`` beside it."""
    pairs = dict(items(tree))
    key = path[0]
    if len(path) > 1:
        pairs[key] = changed(pairs[key], path[1:], act, new)
    elif act == "remove":
        del pairs[key]
    elif act == "add":
        pairs[str(new)] = pairs[key]
    else:
        pairs[key] = new
    return list(pairs.values()) if isinstance(tree, list) else {str(name): value for name, value in pairs.items()}


def written(tree: Tree) -> bytes:
    """The tree as a file's bytes."""
    text: str = yaml.dump(tree, Dumper=yaml.CSafeDumper, allow_unicode=True)
    return text.encode("utf-8", "surrogatepass")


@given(tree=st.sampled_from(TREES), data=st.data())
@settings(max_examples=400)
def test_any_changes_of_a_valid_tree_give_a_venue_or_its_problems(tree: Tree, data: st.DataObject) -> None:
    """Up to four values replaced, removed or doubled."""
    for _ in range(data.draw(st.integers(1, 4))):
        where = paths(tree)
        if not where:
            break
        act = data.draw(st.sampled_from(["replace", "remove", "add"]))
        tree = changed(tree, data.draw(st.sampled_from(where)), act, data.draw(VALUES))
    read(written(tree))


@given(text=st.sampled_from(TEXTS), data=st.data())
@settings(max_examples=300)
def test_any_changes_of_a_valid_text_give_a_venue_or_its_problems(text: str, data: st.DataObject) -> None:
    """Up to three stretches cut out, and something put in their place."""
    snippets = st.text(max_size=4) | st.sampled_from(
        ["[", "{", "}", ":", "- ", "\n", "&a ", "*a", '"', "!!x ", "? ", "<<: "]
    )
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 20)))
        text = text[:start] + data.draw(snippets) + text[end:]
    read(text.encode("utf-8", "surrogatepass"))


@given(data=st.binary(max_size=300))
def test_any_bytes_give_problems(data: bytes) -> None:
    """Nothing so short is a venue."""
    assert read(data)


@given(path=st.sampled_from(paths(TREES[0])), new=VALUES)
@settings(max_examples=200)
def test_a_wrong_value_keeps_its_path(path: Path, new: Tree) -> None:
    """Whatever a value is replaced by, a type error names that value or one inside it."""
    value = source.read(written(changed(TREES[0], path, "replace", new))).value
    assert isinstance(value, dict)
    for refused in shape.shape(value).refused:
        assert refused.path[: len(path)] == path or path[: len(refused.path)] == refused.path


@given(price=st.integers(1, units.MAX_PRICE_E4).filter(lambda price: price != units.MARKET_PRICE_E4))
def test_prices_are_exact(price: int) -> None:
    """What is written is read back, for every price of the wire."""
    assert units.parse_price(units.price_text(price)) == price


def test_the_example_that_stands_in_for_wrong_values_passes_the_model() -> None:
    """Otherwise a wrong value would be replaced by another."""
    assert shape.shape(shape.EXAMPLE).refused == []
