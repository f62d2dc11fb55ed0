"""What was chosen to be shared, by primary keys. Pure.

chosen = Selection.of({"target": ["3"], "photometry": ["7", "8"], "event": ["S240422ed"]})
chosen.keys("photometry")      -> (7, 8)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

TARGET, CANDIDATE, PHOTOMETRY, SPECTRUM, ASTROMETRY, PRODUCT, OBSERVATION = KINDS = (
    *("target", "candidate", "photometry", "spectrum", "astrometry", "product", "observation"),
)
#: the rows of a target that are chosen one by one
DATA = (PHOTOMETRY, SPECTRUM, ASTROMETRY, PRODUCT, OBSERVATION)
#: so many of one kind at a time
MOST = 100_000


@dataclass(frozen=True)
class Selection:
    """An event's name and the keys of everything else by kind, in the order chosen."""

    event: str = ""
    chosen: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, said: Mapping[str, Iterable[Any]]) -> Selection:
        """The selection of an address or a form: lists of texts by kind. Raises ValueError for what is no key, and for too many."""
        chosen = {}
        for kind in KINDS:
            texts = [str(text) for text in said.get(kind, ())]
            wrong = next((text for text in texts if not text.isdecimal() or len(text) > 18), None)
            if wrong is not None:
                raise ValueError(f"{kind}={wrong[:40]!r} is no key of a {kind}; keys are whole numbers")
            if len(texts) > MOST:
                raise ValueError(f"{len(texts)} of {kind} are too many at once; at most {MOST}")
            if texts:
                chosen[kind] = tuple(dict.fromkeys(int(text) for text in texts))
        names = [str(text) for text in said.get("event", ()) if text]
        if len(set(names)) > 1:
            raise ValueError("one share is about one event; several were given")
        return cls(names[0] if names else "", chosen)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Selection:
        """What `to_json` kept."""
        chosen = {kind: tuple(said[kind]) for kind in KINDS if said.get(kind)}
        return cls(said.get("event", ""), chosen)

    def to_json(self) -> dict[str, Any]:
        """As a draft keeps it."""
        return {
            **{kind: list(keys) for kind, keys in self.chosen.items()},
            **({"event": self.event} if self.event else {}),
        }

    def keys(self, kind: str) -> tuple[int, ...]:
        """The keys of a kind."""
        return self.chosen.get(kind, ())

    def having(self, kind: str, keys: Iterable[int]) -> Selection:
        """The same with other keys of a kind."""
        return replace(self, chosen={**self.chosen, kind: tuple(dict.fromkeys(keys))})

    @property
    def digest(self) -> str:
        """sha256: what was opened with the same is the same."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    @property
    def is_empty(self) -> bool:
        return not self.event and not any(self.chosen.values())

    @property
    def has_data(self) -> bool:
        """Whether anything of a target's was chosen one by one."""
        return any(self.chosen.get(kind) for kind in DATA)
