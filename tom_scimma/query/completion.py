"""What the query box suggests: a schema in djangoql's shape, of our names and of the keys that the user's rows have.

The widget writes suggestions into the page as HTML, and keys come from strangers: only plain words are suggested.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from djangoql import schema as ql
from djangoql.serializers import DjangoQLSchemaSerializer

from tom_scimma import wording
from tom_scimma.models import Annotation, Event
from tom_scimma.query import names

#: of the newest events and annotations, keys are suggested
NEWEST = 200
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}", re.ASCII)
_FIELDS = {
    names.NUMBER: ql.FloatField, names.COUNT: ql.IntField, names.AGE: ql.FloatField, names.TEXT: ql.StrField,
    names.NAMES: ql.StrField, names.FLAG: ql.BoolField, names.TIME: ql.StrField,
}  # fmt: skip
_TIMES = ("-1d", "-7d", "-30d", "now")


class Options(ql.StrField):
    """A text with known values."""

    def __init__(self, name: str, options: Iterable[str]):
        super().__init__(name=name, suggest_options=True)
        self.options = list(options)

    def get_options(self, search: str) -> list[str]:
        return [option for option in self.options if search.lower() in option.lower()]


class Schema(ql.DjangoQLSchema):
    """djangoql's schema without its walk over models: nothing is in it but what is put there."""

    def __init__(self, thing: str, models: dict[str, OrderedDict[str, ql.DjangoQLField]]):
        self.current_model, self._models, self.suggest_options = thing, models, {}

    @classmethod
    def model_label(cls, model: Any) -> str:
        return str(model)


def suggestions(thing: str, user) -> dict[str, Any]:
    """What djangoql's completion widget takes as `introspections`, for one thing and one user."""
    models: dict[str, OrderedDict[str, ql.DjangoQLField]] = {thing: OrderedDict()}
    for name in names.NAMES_OF[thing].values():
        first, _, rest = name.name.partition(".")
        if rest:
            _relate(models, thing, first)[rest] = _FIELDS[name.type](name=rest)
        elif name.type != names.KEYS:
            models[thing][first] = _field(name)
    there = keys(user)
    for group in ("classification", "properties"):
        _relate(models, thing, group).update((key, _key(key, group)) for key in there[group])
    for annotator, found in annotated(user).items():
        _relate(models, "annotations", annotator).update((key, ql.FloatField(name=key, nullable=True)) for key in found)
    _relate(models, thing, "annotations")
    return DjangoQLSchemaSerializer().serialize(Schema(thing, models))


def _relate(
    models: dict[str, OrderedDict[str, ql.DjangoQLField]], owner: str, name: str
) -> OrderedDict[str, ql.DjangoQLField]:
    relation = ql.RelationField(model=None, name=name, related_model=name, nullable=False)
    label = name if owner != "annotations" else f"annotations.{name}"
    relation.related_model = _Label(label)
    models.setdefault(owner, OrderedDict())[name] = relation
    return models.setdefault(label, OrderedDict())


class _Label:
    """Stands where djangoql looks for a model's name."""

    def __init__(self, label: str):
        self._meta = label


def _field(name: names.Name) -> ql.DjangoQLField:
    if name.type == names.CHOICE:
        return Options(name.name, name.choices)
    if name.type == names.TIME:
        return Options(name.name, _TIMES)
    return _FIELDS[name.type](name=name.name, nullable=name.type in (names.NUMBER, names.TEXT))


def _key(key: str, group: str) -> ql.DjangoQLField:
    return (
        ql.FloatField(name=key, nullable=True)
        if group == "classification"
        else ql.DjangoQLField(name=key, nullable=True)
    )


def keys(user) -> dict[str, list[str]]:
    """Keys of the newest events that the user may see, those of gravitational waves first."""
    found: dict[str, dict[str, None]] = {"classification": dict.fromkeys(wording.CLASSES), "properties": {}}
    newest = Event.objects.visible_to(user).order_by("-latest", "-pk")[:NEWEST]
    for classes, properties in newest.values_list("classification", "properties"):
        found["classification"].update(dict.fromkeys(_plain(classes)))
        found["properties"].update(dict.fromkeys(_plain(properties)))
    return {group: list(some) for group, some in found.items()}


def annotated(user) -> dict[str, dict[str, None]]:
    """Keys of what annotators said last, as far as the user may see it."""
    found: dict[str, dict[str, None]] = {}
    newest = Annotation.objects.visible_to(user).filter(error="").order_by("-pk")[:NEWEST]
    for annotator, value in newest.values_list("annotator", "value"):
        if _PLAIN.fullmatch(annotator):
            found.setdefault(annotator, {}).update(dict.fromkeys(_plain(value)))
    return found


def _plain(value: Any) -> list[str]:
    return [key for key in value if _PLAIN.fullmatch(key)] if isinstance(value, dict) else []
