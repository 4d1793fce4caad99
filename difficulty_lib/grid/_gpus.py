"""One GPU per run: runs side by side on one machine take turns at its devices."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from difficulty_lib._errors import TrainingError

VISIBLE = "CUDA_VISIBLE_DEVICES"
PAUSE = 0.5  # seconds


def gpu_slots() -> list[str]:
    """The devices that runs may share out among them, as `CUDA_VISIBLE_DEVICES` names them.

    Those that the variable names, or else all that `nvidia-smi` lists; none on a machine without,
    and none in a Slurm job, whose one device the cluster has chosen.
    """
    if "SLURM_JOB_ID" in os.environ:
        return []
    if VISIBLE in os.environ:
        named = (name.strip() for name in os.environ[VISIBLE].split(","))
        return [name for name in named if name and name not in {"-1", "NoDevFiles"}]
    if not shutil.which("nvidia-smi"):
        return []
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    lines = listed.stdout.splitlines() if listed.returncode == 0 else []
    return [str(number) for number, _ in enumerate(x for x in lines if x.startswith("GPU "))]


@contextmanager
def own_gpu(*, patience: float | None = None) -> Iterator[str | None]:
    """Show this process one GPU that no other run of this user holds, and give it back at the end.

    A device is held by a lock on a file in the machine's folder for temporary files. The system
    lets go of it when the process ends, however it ends.

    Args:
        patience: seconds to wait for a free device; None waits for as long as it takes.

    Yields:
        The device, or None where there are none to share out; the environment is left alone then.

    Raises:
        TrainingError: if none became free in time.
    """
    slots = gpu_slots()
    if not slots:
        yield None
        return
    import fcntl  # there is none on Windows

    folder = Path(tempfile.gettempdir()) / f"difficulty-gpus-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    start = time.monotonic()
    while True:
        for slot in slots:
            with (folder / slot.replace("/", "_")).open("a") as held:
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                held.truncate(0)
                held.write(str(os.getpid()))  # for whoever wonders which run has it
                held.flush()
                before = os.environ.get(VISIBLE)
                os.environ[VISIBLE] = slot
                try:
                    yield slot
                finally:
                    if before is None:
                        del os.environ[VISIBLE]
                    else:
                        os.environ[VISIBLE] = before
                return
        if patience is not None and time.monotonic() - start >= patience:
            raise TrainingError(
                f"no GPU became free in {patience:g} s; of {', '.join(slots)} every one is held by a run"
            )
        time.sleep(PAUSE)
