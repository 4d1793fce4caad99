"""Start `launched.py` in processes of its own: one, or several ranks that talk over gloo."""

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from multiprocessing import forkserver
from pathlib import Path

SCRIPT = Path(__file__).with_name("launched.py")
QUIET = {
    "OMP_NUM_THREADS": "1",
    "ACCELERATE_USE_CPU": "true",
    "CUDA_VISIBLE_DEVICES": "",
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
TORCHRUN = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
ACCELERATE = [
    *("accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"),  # ranks, on CPUs too
    *("--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"),
    *("--main_process_port", "0"),
]


def with_launcher(launcher, folder, **settings):
    """Two ranks, as a user starts them."""
    done = subprocess.run(
        [sys.executable, "-m", *launcher, str(SCRIPT), str(folder), json.dumps(settings)],
        env=os.environ | QUIET,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def _environment(rank, ranks, port):
    """What torchrun tells a process."""
    if ranks == 1:
        return QUIET
    return QUIET | {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(ranks),
        "LOCAL_WORLD_SIZE": str(ranks),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _server():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["training.launched"])
    before = os.environ.get("PYTHONPATH")
    # Python 3.11's server is not told sys.path, and keeps silent on what it cannot import.
    os.environ["PYTHONPATH"] = str(SCRIPT.parents[1])
    try:
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return context


def launch(folder, ranks=1, **settings):
    """Exit codes of the ranks, and what they printed; once one dies the others are killed, too.

    The processes are forked from one that has imported the libraries, which takes seconds.
    """
    context = _server()
    from training.launched import run_as_rank

    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    outputs = [folder / f"output-{rank}.txt" for rank in range(ranks)]
    processes = [
        context.Process(
            target=run_as_rank,
            args=(folder, settings, _environment(rank, ranks, port), outputs[rank]),
        )
        for rank in range(ranks)
    ]
    for process in processes:
        process.start()
    end = time.monotonic() + 300
    while any(process.is_alive() for process in processes):
        failed = any(process.exitcode for process in processes)
        if failed or time.monotonic() > end:
            for process in processes:
                process.kill()
        time.sleep(0.05)
    return [process.exitcode for process in processes], [o.read_text() for o in outputs]


def train(folder, ranks=1, **settings):
    """Train to the end."""
    codes, printed = launch(folder, ranks, **settings)
    assert codes == [0] * ranks, "\n".join(text[-3000:] for text in printed)


def train_until_killed(folder, ranks=1, **settings):
    """Train until every process is killed by a signal that it cannot catch."""
    codes, printed = launch(folder, ranks, **settings)
    assert codes == [-signal.SIGKILL] * ranks, "\n".join(text[-3000:] for text in printed)
