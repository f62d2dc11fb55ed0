"""The fields and targets that a plan chooses among, each with the probability that is left there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tom_treasuremap import tiling
from tom_treasuremap.planning import pieces
from tom_treasuremap.planning.question import SUBJECTS
from tom_treasuremap.plans import done, wanted
from tom_treasuremap.plans.setting import Setting
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.visits import Field

#: places from which on those that are never open are left out first
MANY = 1500
#: what a field that is covered must have held to be spoken of
LEAST = 1e-4
#: exposures (s) that each field is offered with where they are to be as deep as the source asks
DEEP = (30.0, 90.0, 300.0)
#: galaxies, or candidates, at most
GALAXIES = 300


def fields(made: Setting) -> list[Field]:
    """What may be looked at. Raises ValueError, in words, where there is nothing."""
    lists = []
    for subject in made.question.subjects:
        if subject not in SUBJECTS:
            raise ValueError(f"There are no fields called {subject!r}; there are: {', '.join(SUBJECTS)}.")
        for one in (made, *made.others) if subject != "targets" else (made,):
            priority = one.question.priority if subject != "targets" else 1.0
            lists += [(priority, _of_event(part, subject)) for part in _apart(one)]
    found = lists[0][1] if len(lists) == 1 and lists[0][0] == 1 else tiling.events(lists)
    if not found:
        raise ValueError(_nothing(made))
    return tiling.merged(found)


def _apart(made: Setting) -> list[Setting]:
    """Each telescope by itself where the same sky is wanted from each of them; in lists apart it counts for each."""
    if made.question.shared or len(made.telescopes) < 2:
        return [made]
    return [
        replace(made, telescopes={name: one}, standing=made.standing.of_telescope(name, made.line))
        for name, one in made.telescopes.items()
    ]


def _of_event(made: Setting, subject: str) -> list[Field]:
    event = made.event.pk if made.event is not None and subject != "targets" else None
    return [replace(one, event=event) for one in _MAKERS[subject](made)]


def _nothing(made: Setting) -> str:
    needs_sky = {"grid", "free", "point", "galaxies"} & set(made.question.subjects)
    if needs_sky and made.event is None:
        return "Fields are laid on an event's map: choose an event, or targets."
    if needs_sky and made.standing.version is None:
        return "Nobody has said yet where this event is."
    if needs_sky and made.standing.left <= 0:
        return "Nothing is left: others have covered all of it."
    return f"There is nothing to look at among {' and '.join(SUBJECTS[one] for one in made.question.subjects)}."


def _laid(made: Setting, free: bool) -> list[Field]:
    """Fields on what is left: of each telescope's own grid, or laid freely."""
    rest = made.standing.rest
    if rest is None or rest.left <= 0:
        return []
    tiles, open_ = [], {}
    for name, one in made.telescopes.items():
        if not one.rings:
            continue
        angle = made.question.pos_angle
        where = None if free else tiling.grid(one, angle)
        if where is None:
            where = tiling.covering(tiling.camera(one), made.standing.version.sky, pos_angle=angle)
        tiles.append(tiling.Tiles(one, where, *_adapted(made, one)))
        if len(where.names) > MANY:
            open_[name] = tiling.reachable(wanted.lenient(made.question, one), where, made.window)
    found = _worthy(tiling.fields(rest, tiles, most=made.question.most, open_=open_), made.question.level, rest.left)
    return [*found, *_gone(made, tiles, found)]


def _worthy(some: list[Field], level: float, left: float) -> list[Field]:
    """The best fields of each telescope until together they hold that part of what is left: the rest is not worth a slew."""
    found = []
    for name in dict.fromkeys(one.telescope for one in some):
        seen: dict[int, float] = {}
        for one in (one for one in some if one.telescope == name):
            if sum(seen.values()) >= level * left:
                break
            seen.update(one.pieces)
            found.append(one)
    return found


def _adapted(made: Setting, telescope: Telescope) -> tuple[Any, tuple[float, ...]]:
    """(what it would see of the source, exposures to choose from) where exposures are to be as deep as the source asks.

    Raises exposure.NotKnown, in words, where nobody knows how deep its filters go.
    """
    if made.question.exposure != "deep":
        return None, ()
    source, sky = made.standing.source, made.standing.rest.sky
    if source is None or sky.mu is None:
        raise ValueError("As deep as the source asks: describe the source, on a map that knows a distance.")
    from tom_treasuremap.planning.chance import Sight

    begin, end = made.window
    middle = begin + (end - begin) / 2
    return Sight(telescope, wanted.sequence(made.question, telescope), source, middle), DEEP


def _gone(made: Setting, tiles: Sequence[tiling.Tiles], found: Sequence[Field]) -> list[Field]:
    """Fields that would be worth something had nobody looked there: worth nothing now, so that the plan can say why."""
    rest = made.standing.rest
    if rest is None or not rest.pointings:
        return []
    known, sky, gone = {(one.telescope, one.name) for one in found}, made.standing.version.sky, []
    for one in tiles:
        some = one.places
        inside = pieces.about(sky, tiling.camera(one.telescope).at(some.ra, some.dec, some.pos_angle))
        for at in np.argsort(-inside, kind="stable")[: made.question.most]:
            name, place = some.names[at], (float(some.ra[at]), float(some.dec[at]))
            if inside[at] > LEAST and (one.telescope.name, name) not in known and rest.covered_by(*place) is not None:
                gone.append(Field(name, *place, float(some.pos_angle[at]), 0.0, {}, one.telescope.name))
    return gone


def _grid(made: Setting) -> list[Field]:
    return _laid(made, free=False)


def _free(made: Setting) -> list[Field]:
    return _laid(made, free=True)


def _point(made: Setting) -> list[Field]:
    """One field of each telescope on the most probable place; where one camera holds all of it, it is worth all that is left."""
    rest = made.standing.rest
    if rest is None or rest.left <= 0:
        return []
    ra, dec = _centre(made)
    tiles = [
        tiling.Tiles(
            one,
            tiling.Places((f"centre {name}",), *(np.array([x]) for x in (ra, dec, made.question.pos_angle))),
            *_adapted(made, one),
        )
        for name, one in made.telescopes.items()
        if one.rings
    ]
    return tiling.fields(rest, tiles)


def _centre(made: Setting) -> tuple[float, float]:
    version = made.standing.version
    if version is not None and version.error is not None and version.error.ra_deg is not None:
        return float(version.error.ra_deg), float(version.error.dec_deg or 0.0)
    ra, dec = made.standing.rest.sky.mode
    return float(ra), float(dec)


def _galaxies(made: Setting) -> list[Field]:
    """The event's galaxies, by their rank; those in one field of view count together."""
    from tom_scimma.galaxies import event as galaxies

    if made.event is None:
        return []
    found = galaxies.galaxies(made.event, made.user)
    lines = found.lines(found.order[: min(made.question.most, GALAXIES)]) if len(found) else []
    rows = [(one["galaxy"], _score(one)) for one in lines]
    rows = [(one, score * part) for (one, score), part in zip(rows, _left(made, [one for one, _ in rows]), strict=True)]
    names = [f"{one.name or 'galaxy'}" if one.name else f"galaxy {one.pk}" for one, _ in rows]
    columns = ([one.ra for one, _ in rows], [one.dec for one, _ in rows], [score for _, score in rows])
    return _each(made, names, *columns)


def _left(made: Setting, some: Sequence[Any]) -> list[float]:
    """How much of the probability is left where each of these stands, 0 to 1."""
    rest = made.standing.rest
    if rest is None or not rest.pointings or not some:
        return [1.0] * len(some)
    ra, dec = (np.array([getattr(one, name) for one in some], float) for name in ("ra", "dec"))
    before = np.asarray(made.standing.version.sky.density_at(ra, dec))
    after = np.asarray(rest.sky.density_at(ra, dec)) * rest.left
    return np.clip(np.divide(after, before, out=np.ones(len(ra)), where=before > 0), 0.0, 1.0).tolist()


def _each(
    made: Setting, names: list[str], ra: list[float], dec: list[float], weight: list[float], pks: Any = None
) -> list[Field]:
    """A field of each telescope on each of these places."""
    found: list[Field] = []
    for one in made.telescopes.values():
        over = done.finished(made.had, one.name, made.question)
        left = [0.0 if pks is not None and pks[at] in over else mass for at, mass in enumerate(weight)]
        found += tiling.targets(names, ra, dec, left, telescope=one, pks=pks)
    return found


def _score(one: Mapping[str, Any]) -> float:
    """What a galaxy is worth: its share of the probability, or how unlikely it is to be there by chance."""
    if one.get("score") is not None:
        return max(float(one["score"]), 0.0)
    return max(1.0 - float(one.get("chance") or 0.0), 0.0)


def _candidates(made: Setting) -> list[Field]:
    """The event's candidates that nobody has ruled out, the most probable first, where this asker's map puts them."""
    from django.db.models import F

    from tom_scimma.candidates.listing import candidates_of
    from tom_scimma.models import Candidate

    if made.event is None:
        return []
    rows = candidates_of(made.event, made.user).exclude(status=Candidate.Status.RULED_OUT)
    rows = rows.filter(target__ra__isnull=False, target__dec__isnull=False).select_related("target")
    best = rows.order_by(F("now").asc(nulls_last=True), "pk")[:GALAXIES]
    return _of_targets(made, [(one.target, 1.0 - (one.now if one.now is not None else 0.5)) for one in best])


def _targets(made: Setting) -> list[Field]:
    """The targets that were chosen, as far as the asker may see them."""
    from tom_targets.models import Target
    from tom_targets.permissions import targets_for_user

    rows = Target.objects.filter(pk__in=made.question.targets)
    seen = rows if made.user is None else targets_for_user(made.user, rows, "view_target")
    said = made.question.priorities
    return _of_targets(made, [(one, float(said.get(str(one.pk), 1.0))) for one in seen if one.ra is not None])


def _of_targets(made: Setting, rows: list[tuple[Any, float]]) -> list[Field]:
    columns = ([float(one.ra) for one, _ in rows], [float(one.dec) for one, _ in rows], [max(w, 1e-3) for _, w in rows])
    return _each(made, [one.name for one, _ in rows], *columns, pks=[one.pk for one, _ in rows])


_MAKERS: dict[str, Callable[[Setting], list[Field]]] = {
    "grid": _grid,
    "free": _free,
    "point": _point,
    "galaxies": _galaxies,
    "candidates": _candidates,
    "targets": _targets,
}
