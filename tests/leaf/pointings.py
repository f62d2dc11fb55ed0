"""Two fields of view near the event, one of two CCDs with a gap; and one that only some may see."""

from __future__ import annotations

from tom_scimma import layers


def features(event, user):
    """A layer's features for this user."""
    ra, dec = event.ra, event.dec
    fields = [
        layers.outline(
            [_square(ra + 1, dec, 0.4), _square(ra + 2, dec, 0.4)], "field 1", url="/events/", note="r, 60 s"
        ),
        layers.outline([_square(ra, dec + 2, 0.6)], "field 2"),
    ]
    return [*fields, layers.outline([_square(ra, dec - 2, 0.6)], "field of secret")] if user.is_superuser else fields


def _square(ra: float, dec: float, half: float) -> list[tuple[float, float]]:
    return [(ra - half, dec - half), (ra + half, dec - half), (ra + half, dec + half), (ra - half, dec + half)]
