"""What will leave: for each sink its payloads and the text that people read, and what is wrong with them by field.

proof = build(sinks, content, typed)
proof.fields, proof.letters, proof.is_good
seal, kept = sealed(proof, cargo)     -> what a draft keeps between looking and sending
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from tom_scimma import wording
from tom_scimma.compose.content import Content
from tom_scimma.compose.fields import Field, merged, missing, values_for
from tom_scimma.compose.items import Cargo
from tom_scimma.destinations import Destination
from tom_scimma.errors import Unsaid


@dataclass(frozen=True)
class Parcel:
    """One payload for one destination: part `number` of `of`."""

    destination: str
    payload: bytes
    text: str
    number: int = 1
    of: int = 1

    @property
    def size(self) -> int:
        return len(self.payload)


@dataclass(frozen=True)
class Letter:
    """What one sink will be told, in one parcel or several, and what is wrong with it that is at no field."""

    there: Destination
    parcels: tuple[Parcel, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.there.full_name

    @property
    def is_file(self) -> bool:
        return bool(getattr(self.there, "is_file", False))


@dataclass(frozen=True)
class Proof:
    """The whole as it would leave now."""

    fields: Mapping[str, Field]
    letters: tuple[Letter, ...]
    content: Content = field(repr=False)
    refused: tuple[tuple[str, str], ...] = ()  #: sinks that this person cannot choose (any more), and why

    @property
    def is_good(self) -> bool:
        """Whether nothing is known to be wrong."""
        wrong = any(one.errors for one in self.fields.values()) or any(one.problems for one in self.letters)
        return not wrong and not self.refused

    @property
    def leaving(self) -> list[Parcel]:
        """The parcels that are to be delivered; files are not."""
        return [parcel for letter in self.letters if not letter.is_file for parcel in letter.parcels]


def build(
    sinks: Sequence[Destination], content: Content, typed: Mapping[str, Any], refused: Sequence[tuple[str, str]] = ()
) -> Proof:
    """What these sinks would be told. Whatever is wrong is in it; no I/O but what a sink's `needs` may look up."""
    needs = [(there, there.needs(content)) for there in sinks]
    fields = merged([(there.label, wanted) for there, wanted in needs], typed)
    faults: dict[str, list[str]] = {}
    letters = []
    for there, wanted in needs:
        parcels, wrong, problems = _letter(there, values_for(there, wanted, fields, content))
        for name, texts in wrong.items():
            if name in fields:
                faults.setdefault(name, []).extend(texts)
            else:
                problems += wording.faults({name: texts})
        letters.append(Letter(there, parcels, tuple(dict.fromkeys(problems))))
    faults = {**missing(fields), **faults}  # what a sink says itself is said better
    shown = {name: one.saying(faults.get(name, ())) for name, one in fields.items()}
    return Proof(shown, tuple(letters), content, tuple(refused))


def _letter(there: Destination, form: Mapping[str, Any]) -> tuple[tuple[Parcel, ...], dict[str, list[str]], list[str]]:
    """Parcels, what is wrong by field, and what is wrong with the whole."""
    try:
        parts = there.parts(form)
    except Unsaid as error:
        return (), dict(error.fields), [] if error.fields else [str(error)]
    parcels = tuple(
        Parcel(there.full_name, payload, text, number, len(parts)) for number, (payload, text) in enumerate(parts, 1)
    )
    wrong: dict[str, list[str]] = {}
    for parcel in parcels:
        for name, texts in there.faults(parcel.payload).items():
            wrong.setdefault(name, []).extend(text for text in texts if text not in wrong.get(name, ()))
    return parcels, wrong, []


def sealed(proof: Proof, cargo: Cargo) -> tuple[str, bytes]:
    """(sha256, bytes) of the parcels that leave and the objects they carry; their texts are made again from the same."""
    said = {
        "parcels": [
            [one.destination, base64.b64encode(one.payload).decode("ascii"), one.number, one.of]
            for one in proof.leaving
        ],
        "cargo": cargo.columns,
    }
    data = json.dumps(said, separators=(",", ":")).encode()
    return hashlib.sha256(data).hexdigest(), zlib.compress(data, 1)


def unsealed(data: bytes) -> tuple[list[Parcel], Cargo]:
    """What `sealed` kept."""
    said = orjson.loads(zlib.decompress(data))
    parcels = [Parcel(name, base64.b64decode(payload), "", number, of) for name, payload, number, of in said["parcels"]]
    return parcels, Cargo({kind: tuple(columns) for kind, columns in said["cargo"].items()})
