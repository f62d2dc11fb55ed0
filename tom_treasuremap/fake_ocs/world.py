"""What the stand-in's portal has: accounts, requestgroups with their requests, and when each was tried."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from tom_scimma import times
from tom_scimma.notice import iso
from tom_treasuremap.fake_ocs.rules import LAMPS, duration
from tom_treasuremap.followup.request import Exposure, Request
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports.simulation import Manner, Taken, states

USERS = (
    {"username": "alice", "token": "ocs-alice-a1b2c3d4e5f6", "proposals": ["TOM2026A-001"]},
    {"username": "bob", "token": "ocs-bob-f6e5d4c3b2a1", "proposals": ["TOM2026A-002"]},
)
ENDED = ("COMPLETED", "WINDOW_EXPIRED", "CANCELED", "FAILURE_LIMIT_REACHED")
Row = dict[str, Any]


class World:
    """Rows as the portal would have them. With a Manner, requests are observed by time, by one telescope for all."""

    def __init__(self, manner: Manner | None = None):
        self.users: list[Row] = [copy.deepcopy(user) for user in USERS]
        self.groups: dict[int, Row] = {}
        self.tries: dict[int, list[Row]] = {}  #: observations by request
        self.frames: list[Row] = []  #: the archive's
        self.address = ""  #: of the stand-in
        self.manner, self._last = manner, 3000000

    @property
    def proposals(self) -> set[str]:
        return {name for user in self.users for name in user["proposals"]}

    def number(self) -> int:
        self._last += 1
        return self._last

    def keep(self, said: Mapping[str, Any], user: Mapping[str, Any], now: datetime) -> Row:
        """Stores a group that was found good; its row."""
        stamp = {"created": iso(now), "modified": iso(now)}
        group = {
            **copy.deepcopy(dict(said)),
            "id": self.number(),
            "submitter": user["username"],
            "state": "PENDING",
            **stamp,
        }
        for request in group["requests"]:
            request |= {
                "id": self.number(), "state": "PENDING", "observation_note": "", "acceptability_threshold": 90.0,
                "duration": duration(request), "modified": iso(now),
            }  # fmt: skip
            for order, configuration in enumerate(request["configurations"], 1):
                configuration |= {"id": self.number(), "priority": order}
                if configuration["type"] in LAMPS:  # whatever was asked
                    configuration["acquisition_config"]["mode"] = "OFF"
            self.tries[request["id"]] = []
        self.groups[group["id"]] = group
        return group

    def request(self, number: int) -> tuple[Row, Row] | None:
        """A request with its group."""
        for group in self.groups.values():
            for request in group["requests"]:
                if request["id"] == number:
                    return group, request
        return None

    def cancel(self, group: Row, now: datetime) -> str:
        """Cancels a group; what stands in the way, or nothing."""
        if group["state"] == "CANCELED":
            return ""
        if group["state"] != "PENDING":
            return f"Cannot transition from request state {group['state']} to CANCELED for {group['id']}"
        group |= {"state": "CANCELED", "modified": iso(now), "canceled": iso(now)}
        for request in group["requests"]:
            if request["state"] == "PENDING":
                request |= {"state": "CANCELED", "modified": iso(now)}
            for one in self.tries[request["id"]]:
                one["state"] = "CANCELED" if one["state"] == "PENDING" else one["state"]
        return ""

    def put(
        self,
        number: int,
        state: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        why: str = "",
        part: float = 1.0,
    ) -> None:
        """Lets a request become SCHEDULED, IN_PROGRESS, COMPLETED, WINDOW_EXPIRED, FAILED (once) or FAILURE_LIMIT_REACHED.

        COMPLETED with a `part` below 1: its try fails after that part of its exposures, which is enough for the portal.
        """
        found = self.request(number)
        if found is None:
            raise LookupError(f"no request {number}")
        group, request = found
        begin = start or max(_time(request["windows"][0]["start"]), datetime.now(timezone.utc))
        until = end or begin + timedelta(seconds=request["duration"])
        open_ones = [one for one in self.tries[number] if one["state"] in ("PENDING", "IN_PROGRESS")]
        if state in ("SCHEDULED", "IN_PROGRESS", "COMPLETED", "FAILED", "FAILURE_LIMIT_REACHED"):
            one = open_ones[-1] if open_ones else self._try(request)
            one |= {"start": iso(begin), "end": iso(until)}
            becomes = {"SCHEDULED": "PENDING", "FAILURE_LIMIT_REACHED": "FAILED"}.get(state, state)
            exposed = part if state == "COMPLETED" else 0.0
            _become(one, "FAILED" if becomes == "COMPLETED" and part < 1 else becomes, why, request, exposed)
        if state == "COMPLETED":
            self._taken_in(group, request, begin)
        if state in ENDED:
            request["state"] = state
            group["state"] = state

    def _taken_in(self, group: Row, request: Row, begin: datetime) -> None:
        """A raw frame of each exposure, in the archive at once."""
        for configuration in request["configurations"]:
            for exposed in configuration["instrument_configs"]:
                for _ in range(exposed["exposure_count"]):
                    number = self.number()
                    name = f"coj1m011-fa12-{begin:%Y%m%d}-{number}-e00"
                    self.frames.append(
                        {
                            "id": number, "basename": name, "filename": f"{name}.fits.fz", "DATE_OBS": iso(begin),
                            "REQNUM": request["id"], "request_id": request["id"], "observation_date": iso(begin),
                            "RLEVEL": 0, "OBSTYPE": "EXPOSE", "proposal_id": group["proposal"],
                            "url": f"{self.address}/files/{number}/",
                        }
                    )  # fmt: skip

    def _try(self, request: Row) -> Row:
        place = request["location"]
        statuses = [
            {
                "id": self.number(), "configuration": row["id"], "instrument_name": "fa12", "guide_camera_name": "fa12",
                "state": "PENDING", "summary": {},
            }
            for row in request["configurations"]
        ]  # fmt: skip
        found = {
            "id": self.number(), "request": request["id"], "site": place.get("site") or "coj", "enclosure": "doma",
            "telescope": f"{place['telescope_class']}a", "priority": 10, "configuration_statuses": statuses,
        }  # fmt: skip
        self.tries[request["id"]].append(found)
        return found

    def progress(self, now: datetime) -> None:
        """What time has made of everything that is open."""
        if self.manner is None:
            return
        for number, state in states(list(self._taken()), SKY, self.manner, now).items():
            found = self.request(int(number))
            if found is not None and found[1]["state"] == "PENDING" and state.state not in ("PENDING", "CANCELED"):
                ends = "FAILURE_LIMIT_REACHED" if state.state == "FAILED" else state.state
                self.put(int(number), ends, start=state.start, end=state.end, why=state.message)

    def _taken(self):
        for group in self.groups.values():
            cancelled = _time(group["canceled"]) if "canceled" in group else None
            for request in group["requests"]:
                yield Taken(_asked(request, group), _time(group["created"]), cancelled)


SKY = Telescope("stand-in", "Stand-in", None, (), {}, readout=30.0)


def _become(one: Row, state: str, why: str, request: Row, part: float) -> None:
    one["state"] = state
    words = {"PENDING": "PENDING", "IN_PROGRESS": "ATTEMPTED"}.get(state, state)
    for status, configuration in zip(one["configuration_statuses"], request["configurations"], strict=True):
        status["state"] = words
        if state in ("COMPLETED", "FAILED"):
            exposed = sum(row["exposure_count"] * row["exposure_time"] for row in configuration["instrument_configs"])
            status["summary"] = {
                "start": one["start"], "end": one["end"], "state": state, "reason": why, "events": [],
                "time_completed": float(exposed) * part,
            }  # fmt: skip


def _asked(request: Row, group: Row) -> Request:
    exposures = tuple(
        Exposure(str(next(iter(row["optical_elements"].values()), "")), row["exposure_time"], row["exposure_count"])
        for configuration in request["configurations"]
        for row in configuration["instrument_configs"]
    )
    target, window = request["configurations"][0]["target"], request["windows"][0]
    return Request(
        id=str(request["id"]), telescope=SKY.name, name=group["name"], target=target["name"], ra=target["ra"], dec=target["dec"],
        exposures=exposures, start=_time(window["start"]), end=_time(window["end"]), priority=group["ipp_value"],
    )  # fmt: skip


def _time(said: str) -> datetime:
    found = times.parse(said).time
    assert found is not None, said
    return found
