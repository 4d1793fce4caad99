"""The command line called in this process, with a tiny model and tables of a few rows."""

import csv
import io
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from difficulty_lib.cli._main import main


@dataclass(frozen=True)
class Outcome:
    """What a call of the command came to."""

    code: int
    out: str
    err: str

    def one_line(self) -> str:
        """The message of a refused input: exit status 2 and one line of stderr, nothing else."""
        assert self.code == 2, self.err
        assert self.out == ""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("difficulty: ")
        return lines[0]


@pytest.fixture(autouse=True)
def _alone(one_thread, no_gpu):
    pass


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The current folder of a call: empty, so that whatever is left behind is seen."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def difficulty(home, monkeypatch, capfd):
    """Call `difficulty` with these arguments."""
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["difficulty", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as done:
            main()
        captured = capfd.readouterr()
        code = done.value.code
        return Outcome(code=0 if code is None else code, out=captured.out, err=captured.err)

    return call


@pytest.fixture
def rank(difficulty, tiny_folder):
    """`difficulty rank` with the tiny model, in a second."""

    def call(file, *options, text=("text",), label="label"):
        fixed = ["--label", label, "--quiet"]
        for column in text:
            fixed += ["--text", column]
        for name, value in {
            "--model": tiny_folder,
            "--epochs": 2,
            "--batch-size": 8,
            "--learning-rate": "5e-3",
        }.items():
            if name not in options:
                fixed += [name, value]
        return difficulty("rank", file, *fixed, *options)

    return call


class Files:
    """Tables written and read with the standard library alone, and what lies in a folder."""

    @staticmethod
    def under(folder: Path) -> dict[str, bytes | None]:
        """Every file with its content, and every folder."""
        return {
            str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
            for path in sorted(folder.rglob("*"))
        }

    @staticmethod
    def write_csv(path: Path, rows: list[dict[str, str]], *, bom=False, separator=",") -> Path:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, fieldnames=list(rows[0]), delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
        path.write_bytes(text.getvalue().encode("utf-8-sig" if bom else "utf-8"))
        return path

    @staticmethod
    def read_csv(path: Path, separator=",") -> list[dict[str, str]]:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter=separator))


@pytest.fixture(scope="session")
def files():
    return Files
