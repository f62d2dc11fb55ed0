"""The names a query may use, what each means, and for which things: `docs/query.md` in a table. Pure.

A name is not a column: what it stands for on each thing is said once in `columns.py` for the database and once in
`subject.py` for the memory.
"""

from __future__ import annotations

from dataclasses import dataclass

from tom_scimma import wording

EVENTS, ALERTS, CANDIDATES = "events", "alerts", "candidates"
#: what can be found
THINGS = (EVENTS, ALERTS, CANDIDATES)

NUMBER, TEXT, CHOICE, NAMES, TIME, AGE, FLAG, COUNT, KEYS = (
    "number", "text", "choice", "names", "time", "age", "flag", "count", "keys",
)  # fmt: skip
_EQUAL, _ORDER = ("=", "!="), ("<", "<=", ">", ">=")
_WORDS = ("~", "!~", "startswith", "not startswith", "endswith", "not endswith")
_LIST = ("in", "not in")
#: what may stand behind a name of each type
OPERATORS: dict[str, tuple[str, ...]] = {
    NUMBER: (*_EQUAL, *_ORDER, *_LIST),
    COUNT: (*_EQUAL, *_ORDER, *_LIST),
    TEXT: (*_EQUAL, *_WORDS, *_LIST),
    NAMES: (*_EQUAL, *_WORDS, *_LIST),
    CHOICE: (*_EQUAL, *_LIST),
    TIME: (*_EQUAL, *_ORDER, "~", "!~"),
    AGE: _ORDER,
    FLAG: _EQUAL,
    KEYS: (*_EQUAL, *_ORDER, *_WORDS, *_LIST),
}


@dataclass(frozen=True)
class Name:
    """One name of the language."""

    name: str
    type: str
    help: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    parts: int = 0  #: how many keys follow the name: classification.BNS has one
    #: the things that have it
    things: tuple[str, ...] = THINGS


_ALL = (
    Name("kind", CHOICE, "what kind of thing it is", choices=tuple(wording.KINDS)),
    Name("name", NAMES, "name of the event, or any other name of it that you may know"),
    Name("role", CHOICE, "observation, test, utility or prediction", choices=tuple(wording.ROLES)),
    Name("state", CHOICE, "state of the event", choices=tuple(wording.STATES)),
    Name("source", TEXT, "who speaks, such as LVK or Fermi GBM"),
    Name("type", CHOICE, "type of the alert", choices=tuple(wording.ALERT_TYPES), things=(ALERTS,)),
    Name("topic", TEXT, "topic it came by", things=(ALERTS,)),
    Name("live", FLAG, "whether it was acted on", things=(ALERTS,)),
    Name("authority", FLAG, "whether its source may state such events", things=(ALERTS,)),
    Name("target", TEXT, "name of the candidate's target", things=(CANDIDATES,)),
    Name("status", TEXT, "what was decided of the candidate", things=(CANDIDATES,)),
    Name("level", NUMBER, "credible level of the candidate's place, 0 to 1", things=(CANDIDATES,)),
    Name("volume_level", NUMBER, "credible level with its distance, 0 to 1", things=(CANDIDATES,)),
    Name("time", TIME, "when it happened"),
    Name("sent", TIME, "when the newest word on it was sent; of an alert, when that was"),
    Name("days", AGE, "time since it happened", "days"),
    Name("far", NUMBER, "false-alarm rate", "Hz"),
    Name("area_50", NUMBER, "area that holds half of the probability", "deg2"),
    Name("area_90", NUMBER, "area that holds 90 % of the probability", "deg2"),
    Name("distance", NUMBER, "mean distance", "Mpc"),
    Name("distance_sd", NUMBER, "standard deviation of the distance", "Mpc"),
    Name("ra", NUMBER, "right ascension (ICRS), of a map its most probable place", "deg"),
    Name("dec", NUMBER, "declination (ICRS)", "deg"),
    Name("radius", NUMBER, "radius of the error circle", "deg", things=(EVENTS, CANDIDATES)),
    Name("classification", KEYS, "probability of a class: classification.BNS", "0 to 1", parts=1),
    Name("properties", KEYS, "a property the sender gave: properties.HasNS", parts=1),
    Name("candidates.count", COUNT, "how many candidates of the event you may see"),
    Name("annotations", KEYS, "what an annotator worked out: annotations.<annotator>.<key>", parts=2),
)
#: the names of each thing
NAMES_OF: dict[str, dict[str, Name]] = {
    thing: {name.name: name for name in _ALL if thing in name.things} for thing in THINGS
}
