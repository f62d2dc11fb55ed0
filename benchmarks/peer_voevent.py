"""voevent-parse's side, asked for what a notice has: its Params by group, time, position."""

from __future__ import annotations

import voeventparse as vp

from benchmarks.readings import Message, serve


def read(message: Message):
    packet = vp.loads(message.payload)
    return (
        packet.attrib["ivorn"], packet.attrib["role"], str(packet.Who.Date), vp.get_toplevel_params(packet),
        vp.get_grouped_params(packet), vp.get_event_time_as_utc(packet), vp.get_event_position(packet),
    )  # fmt: skip


if __name__ == "__main__":
    serve(read=read)
