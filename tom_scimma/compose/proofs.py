"""A draft as its page shows it: fields under their headings, each sink's letter, and what the services say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tom_scimma import wording
from tom_scimma.compose import drafts, rules
from tom_scimma.compose.content import Content
from tom_scimma.compose.fields import Field, grouped
from tom_scimma.compose.parcels import Letter, Parcel, Proof
from tom_scimma.errors import DeliveryError, ScimmaError
from tom_scimma.models import Draft, Event

#: so much of a payload or a text is on the page; the rest is in the file
SHOWN = 20_000


@dataclass(frozen=True)
class Answer:
    """What a service said when it was asked: fine, not reached, or what is wrong."""

    fine: bool
    text: str
    faults: tuple[str, ...] = ()
    at_fields: tuple[str, ...] = ()  #: what of it a form with these fields says there


def shown(draft: Draft, *, ask: bool = False) -> dict[str, Any]:
    """The page's context. Raises Unseen."""
    proof = drafts.proof_of(draft)
    fields, answers = proof.fields, {}
    if ask:
        fields, answers = _asked(proof, draft.user)
    letters = [(letter, _held(letter, draft, proof.content), answers.get(letter.name)) for letter in proof.letters]
    return {
        "proof": proof,
        "content": proof.content,
        "groups": grouped(fields, proof.content),
        "fields": list(fields.values()),
        "letters": letters,
        "asked": ask,
        "can_ask": any(letter.parcels and _asks(letter) for letter in proof.letters),
        "leaves": bool(proof.leaving),
        "shown_most": SHOWN,
        "continuous": [letter for letter in proof.letters if letter.there.continuous],
        "protected": protected(draft, proof.content),
    }


def _asks(letter: Letter) -> bool:
    from tom_scimma.destinations import Destination

    return type(letter.there).ask is not Destination.ask


def _asked(proof: Proof, user: Any) -> tuple[dict[str, Field], dict[str, Answer]]:
    """What each service says of its first part; at the fields where it names them. One that is not reached says so."""
    fields, answers = dict(proof.fields), {}
    for letter in proof.letters:
        if not letter.parcels or not _asks(letter):
            continue
        try:
            faults = letter.there.ask(letter.parcels[0].payload, letter.there.credential(user))
        except DeliveryError as error:
            answers[letter.name] = Answer(
                False, f"It could not be asked: {error} You may go on; it is asked when it is sent."
            )
            continue
        at_fields = []
        for name, texts in faults.items():
            if name in fields:
                fields[name] = fields[name].saying(texts)
                at_fields += [f"{fields[name].label}: {text}" for text in texts]
        rest = tuple(wording.faults({name: texts for name, texts in faults.items() if name not in fields}))
        text = "The service would refuse it." if faults else "The service takes it like this."
        answers[letter.name] = Answer(not faults, text, rest, tuple(at_fields))
    return fields, answers


class Held(ScimmaError):
    """A letter that may not be handed to a service's own form; the text says why."""


def loose(draft: Draft, name: str) -> Letter:
    """The letter for a sink that has a form of its own. Raises Held, where a rule or an embargo would hold it, and Unseen."""
    proof = drafts.proof_of(draft)
    letter = next((one for one in proof.letters if one.name == name and one.there.own_form), None)
    if letter is None:
        raise Held("that sink is not chosen, or has no form of its own.")
    if len(letter.parcels) != 1:
        raise Held("; ".join(letter.problems) or "the form takes one message.")
    if letter.there.is_dry:
        raise Held("this is a dry run, and nothing leaves for there.")
    if held := _held(letter, draft, proof.content):
        raise Held(" ".join(held))
    return letter


def _held(letter: Letter, draft: Draft, content: Content) -> list[str]:
    """What would hold it once it is queued: an embargo on a target of which data are chosen too, though it is not ticked itself."""
    if letter.is_file:
        return []
    selection = drafts.selection_of(draft)
    event = Event.objects.filter(name=selection.event).values_list("pk", flat=True).first() if selection.event else None
    row = rules.embargo(letter.name, event, [body.pk for body in content.targets])
    found = [f"{rules.embargoed(row)} It will wait until then, and for a person."] if row is not None else []
    if rules.may_send(letter.name, draft.user).approval:
        found.append("Somebody else must approve it before it leaves.")
    return found


def protected(draft: Draft, content: Content) -> list[str]:
    """Names of what not everybody here may see: to share it is to tell."""
    from tom_targets.models import Target

    found = (
        list(Event.objects.filter(name=content.event.name, public=False).values_list("name", flat=True))
        if content.event
        else []
    )
    keys = [body.pk for body in content.targets]
    rows = Target.objects.filter(pk__in=keys, permissions=Target.Permissions.PRIVATE)
    return found + list(rows.values_list("name", flat=True)[:20])


def file_name(letter: Letter, parcel: Parcel, content: Content) -> str:
    """What a payload is called as a file."""
    about = content.targets[0].name if content.targets else content.event.name if content.event else "share"
    part = f"-{parcel.number}" if parcel.of > 1 else ""
    return f"{about}-{letter.there.name}{part}.{'psv' if letter.is_file else 'json'}"
