"""What is to be told of an alert, in an astronomer's words: a subject, an SMS, a mail. Pure: values in, text out.

    tiding("S230518h", "updated", said, ["90 % area 1,200 to 240 deg²", "BNS 0.4 to 0.92"])
        .subject   UPDATE S230518h: 90 % area 1,200 to 240 deg2; BNS 0.4 to 0.92
        .sms(link) the same in ASCII, at most 160 characters, the link never cut
        .text      what changed, what is known now, who said so

What strangers wrote (names, texts) can neither break a line, nor call a whole channel, nor hide what follows it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tom_scimma import wording
from tom_scimma.changes import Said
from tom_scimma.fold import NEW, REINSTATED, REPORTED, RETRACTED, UPDATED

SUBJECT, SMS, REPORT = 120, 160, 400  #: longest texts, characters
HEADS = {NEW: "NEW", UPDATED: "UPDATE", RETRACTED: "RETRACTED", REINSTATED: "REINSTATED", REPORTED: "REPORT"}
#: what a telephone can show in 160 characters a message (GSM 03.38 has none of these)
PLAIN = {
    "²": "2", "±": "+/-", "×": "x", "°": " deg", "′": "'", "″": '"', "–": "-", "−": "-", "…": "...", "⁻": "^-",
    "‘": "'", "’": "'", "“": '"', "”": '"',
}  # fmt: skip
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


@dataclass(frozen=True)
class Tiding:
    """One thing to tell, at three lengths; none of them holds a link."""

    subject: str
    brief: str  #: one line in full, for an SMS to be cut from
    text: str

    def sms(self, link: str = "") -> str:
        """ASCII, at most 160 characters with the link, which is left out rather than cut."""
        tail = f" {link}" if link and len(link) < SMS - 40 else ""
        return cut(ascii_of(self.brief), SMS - len(tail), "...") + tail


def tiding(
    name: str, change: str, said: Said, changed: Sequence[str] = (), *, note: str = "", protected: bool = False
) -> Tiding:
    """What to tell of one alert. `said` is all that its source has said so far, `changed` what it changed.

    `change` is new, updated, retracted, reinstated or reported; another word raises KeyError. `note` goes first.
    """
    points = [clean(point) for point in changed]
    brief = f"{_head(name, change, said)}: {'; '.join(filter(None, [clean(note), *_points(change, said, points)]))}"
    opening = " ".join(filter(None, [_opening(name, change, said, protected), clean(note) and f"{clean(note)}."]))
    text = "\n\n".join(filter(None, [opening, _list(change, points), _known(said)]))
    return Tiding(cut(plain(brief), SUBJECT, "..."), brief, text)


def digest(tidings: Sequence[tuple[str, Tiding, str]], *, held: str = "") -> Tiding:
    """Several (event, tiding, link) as one; `held` says why they come together. Raises ValueError for none.

    Only the first SHOWN are spelled out: of the others any tiding will do, such as COUNTED.
    """
    if not tidings:
        raise ValueError("a digest of nothing")
    names = list(dict.fromkeys(clean(name) for name, _, _ in tidings))
    count = len(tidings)
    head = f"{count} alert{'s' * (count > 1)} on {len(names)} event{'s' * (len(names) > 1)}"
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    brief = f"{head}: {shown}"
    lines = [f"- {one.brief}" + (f"\n  {link}" if link else "") for _, one, link in tidings[:SHOWN]]
    if count > SHOWN:
        lines.append(f"- and {count - SHOWN} more, on the Told page")
    opening = f"{head}, held back by {held}." if held else f"{head}."
    return Tiding(cut(plain(brief), SUBJECT, "..."), brief, "\n".join([opening, "", *lines]))


#: so many alerts are spelled out in a digest
SHOWN = 50
#: what is only counted in a digest, for it comes after those
COUNTED = Tiding("", "", "")


def clean(text: object, longest: int = 200) -> str:
    """A stranger's text as part of a line: no breaks, no controls, no calls to a whole channel."""
    found = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in str(text))
    found = re.sub(r"\s+", " ", found).strip()
    found = re.sub(r"<(?=[!@#|\w/])", "‹", found)
    return cut(re.sub(r"@(?=\w)", "(at)", found), longest)  # @channel, @everyone, @here


def cut(text: str, length: int, mark: str = "…") -> str:
    """At most so many characters, ended at a clause or word where one is near, and marked where something is left out."""
    if len(text) <= length:
        return text
    room = text[: length - len(mark)]
    for end in ("; ", ", ", " "):
        place = room.rfind(end)
        if place > length * 0.6:
            return room[:place].rstrip(";,: ") + mark
    return room + mark


def plain(text: str) -> str:
    """Our own signs in ASCII: deg2, +/-, 10^-5. Subject lines are not for others."""
    for mark, like in PLAIN.items():
        text = text.replace(mark, like)
    return text.translate(RAISED)


def ascii_of(text: str) -> str:
    """All of the text in ASCII; what has no like becomes a question mark."""
    text = unicodedata.normalize("NFKD", plain(text))
    return "".join(char for char in text if not unicodedata.combining(char)).encode("ascii", "replace").decode()


def _head(name: str, change: str, said: Said) -> str:
    word, source = HEADS[change], clean(said.notice.source, 40)
    test = "TEST, not real: " if said.notice.role == "test" else ""
    if change == REPORTED:
        return f"{test}{word} by {source} on {clean(name, 60)}"
    return f"{test}{word} {clean(name, 60)}"


def _points(change: str, said: Said, changed: Sequence[str]) -> Iterator[str]:
    """What goes behind the head, most important first."""
    if change == RETRACTED:
        yield f"{clean(said.notice.source, 40)} took it back"
    elif change == UPDATED:
        yield from changed or ["nothing that is shown here changed"]
    elif change == REPORTED:
        yield from changed or _essence(said)
        if said.notice.text:
            yield f"“{clean(said.notice.text, REPORT)}”"
    else:
        yield from _essence(said)


def _essence(said: Said) -> Iterator[str]:
    notice = said.notice
    yield clean(wording.what(notice.kind, notice.classification, notice.properties))
    if said.area is not None:
        yield f"90 % in {wording.area(said.area)}"
    if said.distance is not None:
        yield wording.distance(*said.distance)
    if notice.far_hz is not None:
        yield f"false alarms {wording.rate(notice.far_hz)}"


def _opening(name: str, change: str, said: Said, protected: bool) -> str:
    notice = said.notice
    source, kind = clean(notice.source, 40), wording.ALERT_TYPES[notice.alert_type]
    sent = f", sent {wording.utc(notice.sent)} UTC" if notice.sent else ""
    opening = {
        NEW: f"{clean(name)} is new: {source} says so ({kind}{sent}).",
        UPDATED: f"{source} has new word on {clean(name)} ({kind}{sent}).",
        RETRACTED: f"{source} took {clean(name)} back ({kind}{sent}). What is below is what it last said.",
        REINSTATED: f"{source} stands by {clean(name)} again, after a retraction ({kind}{sent}).",
        REPORTED: f"{source} reports on {clean(name)} ({kind}{sent}). A report changes nothing about the event.",
    }[change]
    marks = ["This is a test. It did not happen."] if notice.role == "test" else []
    return " ".join([*marks, opening, *(["Protected: for its groups only."] if protected else [])])


def _list(change: str, changed: Sequence[str]) -> str:
    if not changed or change == RETRACTED:
        return ""
    return "\n".join(["What changed:", *(f"- {point}" for point in changed)])


def _known(said: Said) -> str:
    return "\n".join(["What is known:", *(f"- {label}: {words}" for label, words in _facts(said))])


def _facts(said: Said) -> Iterable[tuple[str, str]]:
    notice, sky = said.notice, said.notice.sky
    yield "what", clean(wording.what(notice.kind, notice.classification, notice.properties))
    if notice.time is not None:
        yield "event time", f"{wording.utc(notice.time, 3)} UTC"
    if said.area is not None:
        yield "90 % area", wording.area(said.area)
    if said.distance is not None:
        yield "distance", wording.distance(*said.distance)
    if notice.far_hz is not None:
        yield "false alarms", wording.rate(notice.far_hz)
    if notice.classification:
        yield "classes", clean(", ".join(f"{key} {_p(p)}" for key, p in _largest(notice.classification)))
    if sky is not None and sky.ra_deg is not None and sky.dec_deg is not None:
        error = f" ± {wording.angle(sky.radius_deg)}" if sky.radius_deg else ""
        unknown = "" if error or sky.type == "healpix" else ", no error given"
        yield "position", f"RA {sky.ra_deg:.4f}°, Dec {sky.dec_deg:.4f}°{error} (ICRS){unknown}"
    if notice.instruments:
        yield "instruments", clean(wording.listed(notice.instruments))
    if notice.text:
        yield "in its words", f"“{clean(notice.text, REPORT)}”"


def _largest(classes) -> list[tuple[str, object]]:
    known = [(name, p) for name, p in classes.items() if isinstance(p, (int, float)) and p >= 0.005]
    return sorted(known, key=lambda pair: -pair[1])[:6]


def _p(probability: object) -> str:
    return wording.percent(probability) if isinstance(probability, (int, float)) else str(probability)
