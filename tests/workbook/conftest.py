"""Workbooks written once for all tests of this folder."""

from pathlib import Path

import pytest

from tests.workbook.books import RATES, Books


@pytest.fixture(scope="session")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    return Books(tmp_path_factory.mktemp("books"))


@pytest.fixture(scope="session")
def course(books: Books) -> Path:
    """The course network at six learning rates."""
    return books.workbook("course", RATES, 32)


@pytest.fixture(scope="session")
def xor(books: Books) -> Path:
    return books.workbook("xor", (0.5, 2.0), 20)
