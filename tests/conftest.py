"""What tests of every room share."""

import pathlib

import hypothesis
import pytest

# Generated input is the same on every run, so that a red build can be repeated. No deadline: no test asserts time.
hypothesis.settings.register_profile("rialto", deadline=None, derandomize=True)
hypothesis.settings.load_profile("rialto")


def pytest_addoption(parser: pytest.Parser) -> None:
    """What takes many minutes is asked for."""
    parser.addoption("--long", action="store_true", help="run the tests marked long too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the long ones out, and says how to run them."""
    if config.getoption("--long"):
        return
    for item in items:
        if (mark := item.get_closest_marker("long")) is not None:
            item.add_marker(pytest.mark.skip(reason=f"takes many minutes; {mark.kwargs['run']}"))


@pytest.fixture(scope="session")
def checkout() -> pathlib.Path:
    """The root of the checkout."""
    return pathlib.Path(__file__).parent.parent


@pytest.fixture(scope="session")
def venues(checkout: pathlib.Path) -> pathlib.Path:
    """The folder of the venue files."""
    return checkout / "stacks" / "venues"
