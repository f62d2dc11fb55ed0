"""Numbers and codes -> an astronomer's words. Pure; the clock is an argument."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

YEAR = 365.25 * 86400
UNITS = ((YEAR, "year"), (86400.0, "day"), (3600.0, "hour"), (60.0, "minute"), (1.0, "second"))
NOTHING = "–"

KINDS = {
    "GW": "gravitational wave",
    "GRB": "gamma-ray burst",
    "NU": "neutrino",
    "SN": "supernova neutrinos",
    "XRT": "X-ray transient",
    "FRB": "fast radio burst",
    "OT": "optical transient",
    "UNK": "kind not known",
}
ALERT_TYPES = {
    "early_warning": "early warning",
    "preliminary": "preliminary",
    "initial": "initial",
    "update": "update",
    "retraction": "retraction",
    "followup": "follow-up",
    "report": "report",
    "other": "other",
}
ROLES = {"observation": "observation", "test": "test or mock", "utility": "utility", "prediction": "prediction"}
STATES = {"active": "active", "retracted": "retracted", "reported": "reports only"}
CLASSES = {
    "BNS": "binary neutron star merger",
    "NSBH": "neutron star and black hole merger",
    "BBH": "binary black hole merger",
    "MassGap": "merger with a mass-gap object",
    "Terrestrial": "noise (terrestrial)",
}


def number(value: float | None, digits: int = 3) -> str:
    """A number to so many significant digits, thousands separated: 1,234,000 becomes "1,230,000"; "–" for None."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size >= 7 or size < -4:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa} × 10{_raised(int(exponent))}"
    if size >= digits:
        return f"{round(value, digits - 1 - size):,.0f}"
    text = f"{value:,.{max(0, digits - 1 - size)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _raised(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def span(seconds: float | None) -> str:
    """A length of time in its natural unit: "12.3 s", "4 min 5 s", "3 h 2 min", "12 days", "2.4 years"."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    sign, seconds = ("−" if seconds < 0 else ""), abs(seconds)
    if seconds < 1:
        return f"{sign}{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{sign}{number(seconds, 3 if seconds >= 10 else 2)} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{sign}{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    minutes = round(seconds / 60)
    if minutes < 1440:
        return f"{sign}{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")
    days = seconds / 86400
    if days < 730:
        return f"{sign}{number(days, 2 if days < 10 else 3)} day" + ("" if number(days, 2) == "1" else "s")
    return f"{sign}{number(seconds / YEAR, 3)} years"


def age(time: datetime | None, now: datetime) -> str:
    """How long ago, or how soon, not finer than one reads: "3 min 20 s ago", "41 min ago", "in 2 h"; "–" for None."""
    if time is None:
        return NOTHING
    seconds = (now - time).total_seconds()
    if abs(seconds) < 1:
        return "just now"
    grain = 1 if abs(seconds) < 600 else 60 if abs(seconds) < 36000 else 3600 if abs(seconds) < 86400 else 1
    whole = span(abs(seconds) // grain * grain)
    return f"{whole} ago" if seconds > 0 else f"in {whole}"


def utc(time: datetime | None, digits: int = 0) -> str:
    """ISO date and time in UTC with so many decimals of a second: "2023-05-18 12:59:08"; "–" for None."""
    if time is None:
        return NOTHING
    text = time.astimezone(timezone.utc).replace(tzinfo=None).isoformat(" ", "microseconds")
    return text[:-7] if digits == 0 else text[: len(text) - 6 + digits]


def rate(hz: float | None) -> str:
    """A false-alarm rate as people say it: "1 per 12.3 years", "2.4 per day"; "–" for None."""
    if hz is None or not math.isfinite(hz) or hz < 0:
        return NOTHING
    if hz == 0:
        return "0"
    period = 1 / hz
    for seconds, unit in UNITS:
        if period >= seconds:
            count = number(period / seconds)
            return f"1 per {unit}" if count == "1" else f"1 per {count} {unit}s"
    return f"{number(hz)} per second"


def percent(probability: float | None) -> str:
    """A probability in percent: "92 %", "0.4 %", "> 99.9 %"; "–" for None."""
    if probability is None or not math.isfinite(probability):
        return NOTHING
    value = probability * 100
    if 99.95 <= value < 100:
        return "> 99.9 %"
    if 0 < value < 0.01:
        return "< 0.01 %"
    return f"{number(value, 3 if 99 < value < 100 else 2)} %"


def area(deg2: float | None) -> str:
    """An area: "240 deg²", below a hundredth of a square degree in arcmin² or arcsec²; "–" for None."""
    if deg2 is None or not math.isfinite(deg2):
        return NOTHING
    for factor, unit in ((1.0, "deg²"), (3600.0, "arcmin²")):
        if deg2 == 0 or deg2 * factor >= 0.01 * factor**0.5:
            return f"{number(deg2 * factor)} {unit}"
    return f"{number(deg2 * 3600**2)} arcsec²"


def angle(degrees: float | None) -> str:
    """An angle in its natural unit: "4.3°", "12′", "3.1″"; "–" for None."""
    if degrees is None or not math.isfinite(degrees):
        return NOTHING
    for factor, unit in ((1, "°"), (60, "′")):
        if abs(degrees) * factor >= 1:
            return f"{number(degrees * factor)}{unit}"
    return f"{number(degrees * 3600)}″"


def distance(mean: float | None, sd: float | None = None) -> str:
    """A distance: "156 ± 41 Mpc", "1.2 ± 0.3 Gpc"; "–" for None."""
    if mean is None or not math.isfinite(mean):
        return NOTHING
    scale, unit = (1000, "Gpc") if mean >= 1000 else (1, "Mpc")
    error = f" ± {number(sd / scale, 2)}" if sd is not None and math.isfinite(sd) else ""
    return f"{number(mean / scale)}{error} {unit}"


def size(count: int | None) -> str:
    """A number of bytes: "2.1 kB"; "–" for None."""
    if count is None:
        return NOTHING
    for factor, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= factor:
            return f"{number(count / factor, 2)} {unit}"
    return f"{count} bytes"


def short(text: str, length: int = 60) -> str:
    """A text of at most so many characters, the last of them "…" where something is left out."""
    return text if len(text) <= length else text[: length - 1] + "…"


def listed(names: Iterable[str]) -> str:
    """ "A", "A and B", "A, B and C"."""
    names = list(names)
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def what(kind: str, classes: Mapping[str, Any], properties: Mapping[str, Any]) -> str:
    """What an event is thought to be, without an article: "Binary neutron star merger (92 %)"."""
    known = [(p, name) for name, p in classes.items() if isinstance(p, (int, float))]
    if kind == "GW" and not known:
        burst = str(properties.get("group", "")).lower() == "burst"
        return "Unmodelled gravitational-wave burst" if burst else "Gravitational-wave candidate"
    text = KINDS.get(kind, kind)
    if known:
        probability, name = max(known)
        text = CLASSES.get(name, f"{KINDS.get(kind, kind)}: {name}")
        return f"{text[:1].upper()}{text[1:]} ({percent(probability)})"
    return f"{text[:1].upper()}{text[1:]}"


def value(name: str, said: Any) -> str:
    """One property as the sender named it, in words: probabilities in percent, yes or no, seconds, numbers."""
    if isinstance(said, bool):
        return "yes" if said else "no"
    if isinstance(said, (int, float)):
        if name.startswith("p_value"):
            return number(float(said))
        if (
            name.startswith(("Has", "p_", "P_"))
            or name.endswith("_probability")
            or name in ("signalness", "probability", "p_astro")
        ):
            return percent(float(said))
        if name.endswith("_s"):
            return span(float(said))
        return number(float(said), 4)
    return NOTHING if said is None else str(said)


def faults(errors: Mapping[str, Any]) -> list[str]:
    """What is wrong by field, as lines: "photometry row 4, bandpass: ..."; of the whole ("" or "message") the words alone."""
    lines = []
    for name, texts in errors.items():
        said = "" if name in ("", "message") else f"{_field(name)}: "
        lines += [f"{said}{text}" for text in ([texts] if isinstance(texts, str) else texts)]
    return lines


def refusal(reason: str, errors: Mapping[str, Any]) -> list[str]:
    """Why something was refused, as lines, nothing twice: most reasons repeat what stands at the fields, in whole or in part."""
    texts = [str(text) for said in errors.values() for text in ([said] if isinstance(said, str) else said)]
    repeated = [text in reason for text in texts]
    if all(repeated) and "{" not in reason:
        return [reason] if reason else []
    return faults(errors) if any(repeated) else [*filter(None, [reason]), *faults(errors)]


def _field(name: str) -> str:
    """ "photometry.3.bandpass" -> "photometry row 4, bandpass", as people count."""
    parts = name.split(".")
    words = [f"row {int(part) + 1}" if part.isdecimal() else part.replace("_", " ") for part in parts]
    return ", ".join(words).replace(", row ", " row ")
