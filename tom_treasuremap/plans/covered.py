"""Who has covered the fields of a plan, or will: found out once, and known from its row afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tom_treasuremap import tiling
from tom_treasuremap.models import Plan
from tom_treasuremap.planning import covered as looks
from tom_treasuremap.plans import done, written
from tom_treasuremap.plans.setting import Setting
from tom_treasuremap.visits import Field, keys


def covered(made: Setting, some: Sequence[Field]) -> dict[str, str]:
    """{key of a field: who has covered it} of those that have lost most of their probability to what was, or will be, observed."""
    named = list(zip(keys(some), some, strict=True))
    found = done.said(named, made)
    for one in (made, *made.others):
        mine = [pair for pair in named if pair[1].event == (one.event and one.event.pk) and pair[1].target is None]
        found |= _of_event(one, mine)
    return found


def _of_event(made: Setting, some: Sequence[tuple[str, Field]]) -> dict[str, str]:
    rest = made.standing.rest if made.standing.version is not None and made.question.residual else None
    if rest is None or not rest.pointings:
        return {}
    found: dict[str, str] = {}
    for name, telescope in made.telescopes.items():
        mine = [pair for pair in some if pair[1].telescope == name and telescope.rings]
        if mine:
            where = np.array([(one.ra, one.dec, one.pos_angle) for _, one in mine]).T
            places = tiling.Places(tuple(key for key, _ in mine), *where)
            found |= looks.covered(made.standing.version.sky, rest, tiling.camera(telescope), places)
    return found


def known(row: Plan) -> dict[str, str]:
    """What was found out before about who has covered the fields of a plan, by their keys."""
    return {key: why for key, why in written.reasons(row).items() if why.startswith((looks.DONE, looks.MEANT))}
