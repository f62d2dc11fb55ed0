"""The order of the files: those that take long begin first, so that no process is left with one at the end."""

from __future__ import annotations

LONG = (
    "test_listener", "test_galaxies_load", "test_skymap_large", "test_worker", "test_query_oracles", "test_layout",
    "test_skymap_union", "test_stream", "test_together", "test_login", "test_annotators_shipped", "test_telling",
    "test_pictures", "test_skyplot", "test_permissions", "test_galaxies_ranking",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    """Sorts by file alone; the order in a file stays."""
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))
