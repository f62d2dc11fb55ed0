"""The other half of the night: gamma rays, X-rays, a neutrino, a circular, signs of life."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime

from night import gcn
from night.names import BURST, CIRCULARS, GBM, GUANO, HEARTBEAT, ICECUBE, NEUTRINO, SVOM, TRANSIENT, WXT, Names
from night.parts import Draft, after


def drafts(start: datetime, known: Names, chance: random.Random) -> Iterator[Draft]:
    """Every message that is not about gravitational waves."""
    yield from _gamma(start, known, chance)
    yield from _guano(start, known)
    yield from _neutrino(start, known)
    yield from _x_rays(start, known)
    yield _svom(start, known)
    yield from _others(start, known)


def _gamma(start: datetime, known: Names, chance: random.Random) -> Iterator[Draft]:
    """A gamma-ray burst as Fermi GBM finds it: first no position, then better ones."""
    for at, number, subtype, error in (
        (11.5, 1, "INITIAL_ALERT", None),
        (12.5, 2, "FLIGHT_POSITION", 8.2),
        (16.0, 3, "GROUND_POSITION", 3.4),
        (25.0, 4, "FINAL_POSITION", 1.6),
    ):
        more: dict = {}
        if error:
            ra, dec = (round(angle + chance.gauss(0, error / 2), 2) for angle in BURST)
            more = {"ra": ra, "dec": dec, "ra_dec_error": error}
        if number == 2:
            more["classification"] = {"GRB": 0.93, "GENERIC_SGR": 0.05}
        if number == 4:
            more["duration_class"] = "SHORT"
        payload = gcn.fermi_gbm(known.gamma, after(start, at), number, subtype, **more)
        yield Draft(at, GBM, payload, f"Fermi GBM {known.gamma_number} {subtype.lower()}")


def _guano(start: datetime, known: Names) -> Iterator[Draft]:
    """The same burst, as Swift BAT finds it when it looks back into its own data."""
    place = {"ra": BURST[0], "dec": BURST[1], "ra_dec_error": 0.05, "containment_probability": 0.9, "image_snr": 13.9}
    for at, number, more in ((19.0, 1, {}), (23.0, 2, place)):
        seen = {"rate_snr": 15.8, "rate_duration": 0.256, "far": 1e-5, **more}
        payload = gcn.swift_guano(known.gamma, after(start, at), number, **seen)
        yield Draft(at, GUANO, payload, f"Swift BAT-GUANO on Fermi {known.gamma_number}")


def _neutrino(start: datetime, known: Names) -> Iterator[Draft]:
    """A track from the direction of a known blazar, then its refined position."""
    for at, number, error in ((14.0, 1, 0.9), (27.0, 2, 0.4)):
        place = {"ra": NEUTRINO[0], "dec": NEUTRINO[1], "ra_dec_error": error}
        seen = {"nu_energy": 264.0, "p_astro": 0.71, "far": 2.1e-8}
        payload = gcn.icecube(after(start, -33), after(start, at), number, known.neutrino, **place, **seen)
        yield Draft(at, ICECUBE, payload, f"IceCube {known.neutrino} notice {number}")


def _x_rays(start: datetime, known: Names) -> Iterator[Draft]:
    """An X-ray transient, and another that its sender marked as a test."""
    seen = {"ra": TRANSIENT[0], "dec": TRANSIENT[1], "ra_dec_error": 0.02, "net_count_rate": 0.9, "image_snr": 14.2}
    payload = gcn.einstein_probe(after(start, -120), known.transient, **seen)
    yield Draft(18.0, WXT, payload, f"Einstein Probe {known.transient}")
    seen = {"ra": 201.3, "dec": -43.0, "ra_dec_error": 0.02, "net_count_rate": 0.1, "image_snr": 7.0}
    payload = gcn.einstein_probe(after(start, -60), known.transient_test, **seen)
    yield Draft(22.0, WXT, payload, f"Einstein Probe {known.transient_test} (_test header)", test=True)


def _svom(start: datetime, known: Names) -> Draft:
    seen = {"alert_type": "initial", "ra": 281.61, "dec": 23.83, "ra_dec_error": 0.12, "image_snr": 9.1}
    payload = gcn.svom(after(start, -50), after(start, 10), known.svom, **seen)
    return Draft(10.0, SVOM, payload, f"SVOM ECLAIRs {known.svom}")


def _others(start: datetime, known: Names) -> Iterator[Draft]:
    """Signs of life, and a circular."""
    for at in (0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0):
        yield Draft(at, HEARTBEAT, gcn.heartbeat(after(start, at)), "heartbeat")
    subject = f"LIGO/Virgo/KAGRA {known.merger}: a candidate counterpart"
    body = f"We report a source in NGC 4993, inside the map of {known.merger}.\r\n(An invented circular.)\r\n"
    number = 900000 + int(after(start, 31).timestamp()) % 86400
    payload = gcn.circular(after(start, 31), number, subject, body, known.merger)
    yield Draft(31.0, CIRCULARS, payload, f"GCN Circular {number}", "circular")
