"""A draft as its page shows it: fields under their headings, each sink's letter, and what the services say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tom_scimma import wording
from tom_scimma.compose import drafts, questions, rules
from tom_scimma.compose.content import Content
from tom_scimma.compose.fields import Field, grouped
from tom_scimma.compose.parcels import Letter, Parcel, Proof
from tom_scimma.errors import ScimmaError
from tom_scimma.models import Draft, Event

#: so much of a payload or a text is on the page; the rest is in the file
SHOWN = 20_000


@dataclass(frozen=True)
class Said:
    """What a service said, for a page."""

    answer: questions.Answer
    faults: tuple[str, ...] = ()
    at_fields: tuple[str, ...] = ()  #: what of it a form with these fields says there


def shown(draft: Draft, *, ask: bool = False) -> dict[str, Any]:
    """The page's context; with `ask` the worker asks the services, whatever they said before. Raises Unseen."""
    proof = drafts.proof_of(draft)
    if ask:
        questions.put(draft, proof, anew=True)
    fields, answers = _answered(proof, questions.answers(draft, proof))
    letters = [(letter, _held(letter, draft, proof.content), answers.get(letter.name)) for letter in proof.letters]
    return {
        "proof": proof,
        "content": proof.content,
        "groups": grouped(fields, proof.content),
        "fields": list(fields.values()),
        "letters": letters,
        "asking": any(said.answer.waits for said in answers.values()),
        "can_ask": any(map(questions.can_ask, proof.letters)),
        "leaves": bool(proof.leaving),
        "shown_most": SHOWN,
        "continuous": [letter for letter in proof.letters if letter.there.continuous],
        "protected": protected(draft, proof.content),
    }


def _answered(proof: Proof, answers: dict[str, questions.Answer]) -> tuple[dict[str, Field], dict[str, Said]]:
    """The fields with what each service says of them, and what it says by sink."""
    fields, said = dict(proof.fields), {}
    for sink, answer in answers.items():
        at_fields = []
        for name, texts in answer.faults.items():
            if name in fields:
                fields[name] = fields[name].saying(texts)
                at_fields += [f"{fields[name].label}: {text}" for text in texts]
        rest = {name: texts for name, texts in answer.faults.items() if name not in fields}
        said[sink] = Said(answer, tuple(wording.faults(rest)), tuple(at_fields))
    return fields, said


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
    """What would hold it once it is queued."""
    if letter.is_file:
        return []
    row = questions.embargo_on(letter, draft, content)
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
