"""What tests of every room share."""

import pathlib

import hypothesis
import pytest

# Generated input is the same on every run, so that a red build can be repeated. No deadline: no test asserts time.
hypothesis.settings.register_profile("rialto", deadline=None, derandomize=True)
hypothesis.settings.load_profile("rialto")


@pytest.fixture(scope="session")
def checkout() -> pathlib.Path:
    """The root of the checkout."""
    return pathlib.Path(__file__).parent.parent


@pytest.fixture(scope="session")
def venues(checkout: pathlib.Path) -> pathlib.Path:
    """The folder of the venue files."""
    return checkout / "stacks" / "venues"
