"""What tests in several rooms share."""

import pytest

from gradsheet.digits.data import Dataset, load


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    return load()
