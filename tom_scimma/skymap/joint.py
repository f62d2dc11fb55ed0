"""Several sets of pixels laid over one another: the pieces that no border of any set runs through."""

from __future__ import annotations

import numpy as np

from tom_scimma.skymap import grid


def joint(*sets: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """(first, end, [row of each set]): runs of order-29 nested pixels, int64[k]; row -1 where a set has no pixel.

    Each set is UNIQ numbers of pixels that do not overlap, in nested order. What none of them has is left out.
    """
    ends = []
    for uniq in sets:
        _, start, size = grid.spans(uniq)
        ends.append((start, start + size))
    points = np.unique(np.concatenate([point for pair in ends for point in pair]))
    first, end = points[:-1], points[1:]
    rows = []
    for start, stop in ends:
        row = np.searchsorted(start, first, side="right") - 1
        rows.append(np.where((row >= 0) & (first < stop[np.maximum(row, 0)]), row, -1) if len(start) else row)
    some = np.max(rows, axis=0) >= 0
    return first[some], end[some], [row[some] for row in rows]


def pixels(first: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(uniq, run): the fewest pixels that fill runs of order-29 nested pixels, and which run each belongs to."""
    uniq, runs = [], []
    run = np.arange(len(first))
    for shift in range(0, 2 * grid.MAX_ORDER + 1, 2):
        step = np.int64(1) << shift
        order = grid.MAX_ORDER - shift // 2
        for _ in range(3):  # up to three pixels at each end do not fill a larger one
            top = shift == 2 * grid.MAX_ORDER
            for at_end in (False, True):
                side = end if at_end else first
                loose = (first < end) & (((side >> shift) & 3 != 0) | top)
                place = np.where(at_end, end - step, first)[loose]
                uniq.append(grid.uniq_of(order, place >> shift))
                runs.append(run[loose])
                if at_end:
                    end = np.where(loose, end - step, end)
                else:
                    first = np.where(loose, first + step, first)
        left = first < end
        first, end, run = first[left], end[left], run[left]
        while shift == 2 * grid.MAX_ORDER and len(first):  # whole base pixels
            uniq.append(grid.uniq_of(0, first >> shift))
            runs.append(run)
            first = first + step
            first, end, run = (values[first < end] for values in (first, end, run))
    found, whose = np.concatenate(uniq), np.concatenate(runs)
    sort = np.argsort(grid.spans(found)[1])
    return found[sort], whose[sort]
