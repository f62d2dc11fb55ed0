"""The stored form of a sky map: small, lossless, read back in milliseconds.

    b"TSM1"  uint32 length of the head  head (JSON)  zstandard frame with checksum

The frame holds, for n pixels: n orders (uint8); the gap before each pixel where there is any (int64, in order-29
pixels); then density and the distance columns (float64). All little-endian; numbers of eight bytes are stored byte
plane by byte plane, which packs better.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.errors import BadSkyMap
from tom_scimma.skymap import grid

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap

MAGIC = b"TSM1"
#: of zstandard; most bytes are noise of measured numbers, on which a higher level spends time and gains 2 %
LEVEL = -1


def pack(sky: SkyMap) -> bytes:
    """The stored form of a SkyMap."""
    import zstandard

    order, start, size = sky.spans
    gaps = start - np.concatenate(([0], start[:-1] + size[:-1]))
    columns = [sky.density, *(column for column in (sky.mu, sky.sigma, sky.norm) if column is not None)]
    head = {
        "pixels": len(sky),
        "gaps": bool(gaps.any()),
        "columns": len(columns),
        "distance": sky.stated_distance,
        "notes": sky.notes,
        "meta": dict(sky.meta),
    }
    numbers = [*([gaps] if head["gaps"] else []), *columns]
    text = json.dumps(head).encode()
    packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compressobj(len(sky) * (1 + 8 * len(numbers)))
    out = [MAGIC, struct.pack("<I", len(text)), text, packer.compress(order.astype(np.uint8).tobytes())]
    out += [packer.compress(_planes(column)) for column in numbers]
    return b"".join((*out, packer.flush()))


def _planes(column: np.ndarray) -> bytes:
    values = np.ascontiguousarray(column, column.dtype.newbyteorder("<")).view(np.uint8).reshape(-1, 8)
    planes = np.empty((8, len(values)), np.uint8)
    for place in range(8):  # ten times faster than asking the transpose for its bytes
        planes[place] = values[:, place]
    return planes.tobytes()


def unpack(data: bytes) -> dict[str, Any]:
    """The fields of the SkyMap that was packed. Raises BadSkyMap for anything else."""
    import zstandard

    view = memoryview(data)
    if bytes(view[:4]) != MAGIC or len(view) < 8:
        raise BadSkyMap(f"not a packed sky map: it begins with {bytes(view[:4])!r} instead of {MAGIC!r}")
    end = 8 + struct.unpack("<I", view[4:8])[0]
    try:
        head = json.loads(bytes(view[8:end]))
        pixels, count = int(head["pixels"]), int(head["columns"])
        size = pixels * (1 + 8 * bool(head["gaps"]) + 8 * count)
        frame = zstandard.get_frame_parameters(view[end:])
        if frame.content_size != size:
            raise BadSkyMap(f"a packed sky map of {size} bytes unpacks to {frame.content_size}")
        body = zstandard.ZstdDecompressor().decompress(view[end:])
    except (ValueError, KeyError, TypeError, zstandard.ZstdError) as error:
        raise BadSkyMap(f"a packed sky map is broken: {error}") from None
    planes = np.frombuffer(body, np.uint8, offset=pixels).reshape(-1, 8, pixels)
    numbers = np.ascontiguousarray(planes.transpose(0, 2, 1)).reshape(planes.shape[0], -1)
    order = np.frombuffer(body, np.uint8, pixels).astype(np.int64)
    shift = 2 * (grid.MAX_ORDER - order)
    ends = np.cumsum(np.int64(1) << shift)
    if head["gaps"]:
        ends += np.cumsum(numbers[0].view("<i8"))
    columns = [column.view("<f8") for column in numbers[1 if head["gaps"] else 0 :]]
    distance = head["distance"]
    return dict(
        zip(
            ("uniq", "density", "mu", "sigma", "norm"),
            (grid.uniq_of(order, (ends >> shift) - 1), *columns),
            strict=False,
        ),
        stated_distance=tuple(distance) if distance else None,
        notes=tuple(head["notes"]),
        meta=head["meta"],
    )
