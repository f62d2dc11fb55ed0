"""A plan, which is a value, written into its row: visits with what each adds, and why every field is in or out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tom_treasuremap import visits as values
from tom_treasuremap.models import Plan, PlanVisit
from tom_treasuremap.plans import done, setting


def keep(
    row: Plan,
    fields: Sequence[values.Field],
    best: values.Plan,
    *,
    telescopes: Mapping[str, Any],
    visits: bool = True,
) -> None:
    """Writes a plan into a row that its caller saves; `visits` False: they are the same as before."""
    row.value, row.bound, row.how = best.value, best.bound, dict(best.how)
    row.stopped = best.stopped or row.stopped
    if row.fields is None:
        row.fields = setting.packed(fields)
    if best.reasons or not row.considered:
        row.considered = considered(fields, best)
    row.targets.set({one.target for one in fields if one.target is not None})
    if visits:
        targets = {(one.telescope, one.name): one.target for one in fields if one.target is not None}
        events = {(one.telescope, one.name): one.event for one in fields if one.event is not None}
        before = {key: one.count for key, one in done.from_json(row).items()}
        row.visits.all().delete()
        PlanVisit.objects.bulk_create(
            PlanVisit(
                plan=row,
                order=order,
                gain=gain,
                target_id=of_field(targets, one),
                event_id=of_field(events, one),
                **_columns(one, before),
            )
            for order, (one, gain) in enumerate(zip(best.visits, gains(fields, best.visits), strict=True), 1)
        )


def of_field(known: Mapping[tuple[str, str], int], one: values.Visit) -> int | None:
    """What is known of the field that a visit looks at: the key of its target, or of its event."""
    return known.get((one.telescope, one.field), known.get(("", one.field)))


def _columns(one: values.Visit, before: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    names = ("telescope", "field", "start", "end", "band", "exposure", "ra", "dec", "pos_angle")
    turn = one.turn + before.get((one.telescope, one.field), 0)  # visits that it had in an earlier version
    return {**{name: getattr(one, name) for name in names}, "turn": turn}


def considered(fields: Sequence[values.Field], best: values.Plan) -> list[dict[str, Any]]:
    """Every field with why it is in or out, those that are in first, in their order."""
    order = {(one.telescope, one.field): at for at, one in reversed(list(enumerate(best.visits)))}
    looked = {name: at for (_, name), at in reversed(order.items())}  # of fields that are anybody's
    place = [order.get((one.telescope, one.name)) if one.telescope else looked.get(one.name) for one in fields]
    rows = [
        {
            "name": one.name, "telescope": one.telescope, "ra": round(one.ra, 5), "dec": round(one.dec, 5),
            "pos_angle": one.pos_angle, "weight": one.weight, "in": at is not None, "why": best.reasons.get(key, ""),
        }
        for one, key, at in zip(fields, values.keys(fields), place, strict=True)
    ]  # fmt: skip
    ranked = sorted(zip(rows, place, strict=True), key=lambda pair: _rank(*pair))
    return [row for row, _ in ranked]


def _rank(row: Mapping[str, Any], place: int | None) -> tuple[Any, ...]:
    return (place is None, place or 0, -row["weight"], row["name"])


def reasons(row: Plan) -> dict[str, str]:
    """Why each field of a row is in or out, by its key."""
    fields = [values.Field(one["name"], 0.0, 0.0, telescope=one["telescope"]) for one in row.considered]
    return dict(zip(values.keys(fields), (one["why"] for one in row.considered), strict=True))


def gains(fields: Sequence[values.Field], visits: Sequence[values.Visit]) -> list[float]:
    """What each visit adds to those before it; a field counts once its last visit is done."""
    known = {(one.telescope, one.name): one for one in fields}
    last = {(one.telescope, one.field): at for at, one in enumerate(visits)}
    seen: set[Any] = set()
    found = []
    for at, one in enumerate(visits):
        field = known.get((one.telescope, one.field)) or known.get(("", one.field))
        gain = 0.0
        if field is not None and last[one.telescope, one.field] == at:
            pieces = field.pieces or {(field.telescope, field.name): field.weight}
            gain = sum(weight for piece, weight in pieces.items() if piece not in seen)
            seen.update(pieces)
        found.append(gain)
    return found
