"""What a question asks of one telescope: its limits, its filters and exposures in order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tom_treasuremap.planning.question import Question
from tom_treasuremap.telescopes.telescope import Telescope


def lenient(question: Question, telescope: Telescope) -> Telescope:
    """The telescope with the limits that were asked for; never beyond what its mount can do but for the airmass."""
    import numpy as np

    from tom_treasuremap.telescopes.telescope import MoonRule

    if question.airmass is not None:
        least = float(np.degrees(np.arcsin(1 / max(question.airmass, 1.0))))
        telescope = replace(telescope, limits=replace(telescope.limits, min_altitude=least))
    return telescope if question.moon else replace(telescope, moon=MoonRule())


def sequence(question: Question, telescope: Telescope) -> Any:
    """What is done at each field. Raises ValueError for filters that the telescope has not."""
    from tom_treasuremap.followup.request import Exposure
    from tom_treasuremap.planning.problem import Visits

    sets = [filters(question.but(filters=some), telescope) for some in (question.filters, *question.later)]
    blocks = [tuple(Exposure(name, seconds(question, telescope, name)) for name in names) for names in sets]
    blocks += blocks[-1:] * (question.visits - len(blocks))
    if len(blocks) == 1:
        return Visits(tuple(blocks))
    most = question.gap_max * 60 if question.gap_max is not None else None
    return Visits(tuple(blocks), question.gap_min * 60, most)


def filters(question: Question, telescope: Telescope) -> list[str]:
    """The names that this telescope has for the filters asked for, else its first."""
    if not telescope.filters:
        raise ValueError(f"{telescope.label} has no filter that is known here.")
    if not question.filters:
        r = next((name for name, one in telescope.filters.items() if one.band in ("r", "R")), None)
        return [r or next(iter(telescope.filters))]
    by_band = {one.band: name for name, one in reversed(list(telescope.filters.items())) if one.band}
    found = [name if name in telescope.filters else by_band.get(name) for name in question.filters]
    some = [name for name in found if name is not None]
    if not some:
        raise ValueError(
            f"{telescope.label} has no filter {' or '.join(question.filters)}; it has {', '.join(telescope.filters)}."
        )
    return some


def has(telescope: Telescope, name: str) -> bool:
    """Whether a telescope has a filter of that name, or one for that band."""
    return name in telescope.filters or any(one.band == name for one in telescope.filters.values())


def seconds(question: Question, telescope: Telescope, name: str) -> float:
    """How long an exposure is."""
    if question.exposure == "filter":
        band = telescope.filters[name].band or name
        return float(question.seconds_by_filter.get(name, question.seconds_by_filter.get(band, question.seconds)))
    return float(question.seconds)
