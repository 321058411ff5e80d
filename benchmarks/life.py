"""One life of the tracker in a process of its own: `python3 -m benchmarks.life BORN URL PICTURES`.

Prints a line of JSON: seconds from BORN (time.monotonic() of who started it) to the first result,
memory at its peak, processor time when fed at 30 a second, bytes allocated in a picture.
"""
import gc
import json
import os
import sys
import time
import tracemalloc
from contextlib import closing

RATE = 30.0
TRACED = 60         # pictures under tracemalloc at a time
PASSES = 6          # over them; what is held was seen to grow in the first three or four


def main(words):
    """The measurements, in an order in which none spoils the next."""
    born, url, most = float(words[0]), words[1], int(words[2])
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    import cv2
    cv2.setNumThreads(1)
    from appliance.tracker import Tracker
    from benchmarks.stages import pictures
    tracker = Tracker()
    found = first_life(tracker, url, born, most)
    frames = pictures(url, most)
    found.update(paced(tracker, frames))
    found.update(allocations(tracker, frames))
    print(json.dumps(found))


def first_life(tracker, url, born, most):
    """{"start_s", "peak_mib"} of tracking a source as it comes: decoder, libraries and all."""
    from appliance import config
    from appliance.sources import endless, open_source
    start = None
    camera, whole = config.defaults().camera, not endless(url)
    with closing(open_source(url, camera, every_frame=whole)) as source:
        for number, frame in enumerate(source):
            tracker(frame.luma)
            start = start or round(time.monotonic() - born, 3)
            if number + 1 >= most:
                break
    return {"start_s": start, "peak_mib": round(peak_mib(), 1)}


def peak_mib():
    """Largest resident size of this process so far, MiB; getrusage would count its parent's."""
    with open("/proc/self/status") as f:
        line = next(line for line in f if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024.0


def paced(tracker, frames, rate=RATE):
    """{"cpu_ms", "cpu_percent"}: processor time of a call, all threads, fed at `rate` a second."""
    spent, due = 0.0, time.monotonic()
    for luma in frames:
        time.sleep(max(0.0, due - time.monotonic()))
        due += 1.0 / rate
        start = time.process_time()
        tracker(luma)
        spent += time.process_time() - start
    each = spent / len(frames)
    return {"cpu_ms": round(each * 1e3, 3), "cpu_percent": round(each * rate * 100, 2)}


def allocations(tracker, frames, count=TRACED):
    """{"within_kib", "left_bytes"}: the most that Python and numpy hold at once for one picture
    (median), and what each picture leaves behind on average.

    Left behind is what the last pass holds more than the one before: by then all that is kept for
    work has been renewed under the tracer.
    """
    turn = [frames[i % len(frames)] for i in range(count)]
    tracemalloc.start()
    held = [_held_after(tracker, turn) for _ in range(PASSES)]
    left, within = (held[-1] - held[-2]) / float(count), []
    for luma in turn:
        tracemalloc.clear_traces()      # starts the peak anew
        tracker(luma)
        within.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    return {"within_kib": round(sorted(within)[count // 2] / 1024.0, 1), "left_bytes": round(left)}


def _held_after(tracker, frames):
    """Bytes that are held, of those traced, after a pass; Python's free lists are emptied."""
    for luma in frames:
        tracker(luma)
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


if __name__ == "__main__":
    main(sys.argv[1:])
