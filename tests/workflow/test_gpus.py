import os
import signal
import subprocess
import sys
import tempfile

import pytest

from difficulty_lib._errors import TrainingError
from difficulty_lib.grid import gpu_slots, own_gpu

HOLD = """
import sys, time
from difficulty_lib.grid import own_gpu
with own_gpu(patience=0) as device:
    print(device, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def devices(monkeypatch, tmp_path):
    """Two devices that nobody has, and a folder for locks of the test's own."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-8f2a")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)


@pytest.mark.parametrize(
    ("visible", "slots"),
    [("", []), ("-1", []), ("NoDevFiles", []), ("2", ["2"]), ("0, 3", ["0", "3"])],
)
def test_the_devices_are_those_that_are_visible(monkeypatch, visible, slots):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpu_slots() == slots


def test_otherwise_they_are_those_that_the_driver_lists(monkeypatch, tmp_path):
    listing = "GPU 0: NVIDIA H200 (UUID: GPU-1)\\n  MIG 1g.18gb Device 0: (UUID: MIG-1)\\nGPU 1: X"
    driver = tmp_path / "nvidia-smi"
    driver.write_text(f'#!/bin/sh\nprintf "{listing}\\n"\n')
    driver.chmod(0o755)
    for name in ("SLURM_JOB_ID", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert gpu_slots() == ["0", "1"]
    driver.write_text("#!/bin/sh\necho no driver >&2\nexit 9\n")
    assert gpu_slots() == []


def test_in_a_job_of_the_cluster_the_device_is_the_clusters(devices, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    with own_gpu() as device:
        assert device is None
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "3,GPU-8f2a"


def test_each_has_its_own_and_gives_it_back(devices, monkeypatch):
    with own_gpu() as first:
        assert (first, os.environ["CUDA_VISIBLE_DEVICES"]) == ("3", "3")
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-8f2a")  # as another process would see it
        with own_gpu() as second:
            assert (second, os.environ["CUDA_VISIBLE_DEVICES"]) == ("GPU-8f2a", "GPU-8f2a")
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-8f2a")
            with (
                pytest.raises(TrainingError, match="no GPU became free in 0 s; of 3, GPU-8f2a"),
                own_gpu(patience=0),
            ):
                pass
        with own_gpu(patience=0) as again:
            assert again == "GPU-8f2a"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "3,GPU-8f2a"


def test_a_killed_run_holds_nothing(devices):
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True) as held:
        assert held.stdout.readline() == "3\n"
        with own_gpu(patience=0) as other:
            assert other == "GPU-8f2a"
        held.send_signal(signal.SIGKILL)
    with own_gpu(patience=0) as device:
        assert device == "3"
