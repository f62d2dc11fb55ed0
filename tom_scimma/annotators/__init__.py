"""What we work out about an alert by ourselves: small callables `annotate(event, map) -> dict`, and the reaction that runs them.

    def annotate(event, map):                    # map: a SkyMap, or None where nobody said where
        return {"area_90": map.area(0.9)} if map else {}

`event` is the row as its source last described it; what comes back is plain JSON: names to numbers, texts, lists. An
annotator may say its `version` and its `label` as attributes; its name is that of its module, or of the function where
that is not `annotate`. With `takes_alert = True` it is called with the alert as a third argument. One that
reads rows which not everybody may see returns Findings, one for each audience:

    return [Finding({"count": 3}, groups=(7,))]

An annotation is a fact about the sky, true of an alert whenever it came. So they are made for history too (a backfill, a
replay): pages show it and predicates look into the past. Nothing is told, moved or sent because of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.module_loading import import_string

from tom_scimma.conf import conf

SHIPPED = tuple(
    f"tom_scimma.annotators.{name}.annotate" for name in ("areas", "candidates", "galaxies", "coincidences")
)


@dataclass(frozen=True)
class Finding:
    """A value for those who may know it: all who may see the alert, or fewer."""

    value: dict[str, Any]
    users: bool = False  #: only people who are logged in
    groups: tuple[int, ...] = ()  #: only members of one of these Django groups, by primary key


@dataclass(frozen=True)
class Annotator:
    """One annotator of this TOM."""

    path: str
    run: Callable[..., dict | Iterable[Finding]]
    trusted: bool = False  #: of an installed app, not of this TOM's settings: it ends by itself

    @property
    def name(self) -> str:
        """By which predicates and pages know it."""
        module, _, function = self.path.rpartition(".")
        return (module.rpartition(".")[2] if function == "annotate" else function)[:60]

    @property
    def version(self) -> str:
        """A new one has what it said before worked out again."""
        return str(getattr(self.run, "version", "1"))[:20]

    @property
    def label(self) -> str:
        """What people call it."""
        return str(getattr(self.run, "label", "") or self.name.replace("_", " "))


def annotators() -> Iterator[Annotator]:
    """Those of the installed apps, then this TOM's own. Raises ImportError for a path that leads nowhere."""
    from tom_scimma import hooks

    installed = (*SHIPPED, *hooks.event_annotators())
    for path in dict.fromkeys((*installed, *conf.ANNOTATORS)):
        yield Annotator(path, import_string(path), path in installed)
