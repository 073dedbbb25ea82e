"""The recogniser: lines of text as pictures become probabilities of characters, step by step.

The model is one of those inside the ``rapidocr`` wheel (PP-OCR, Apache License 2.0), run with
onnxruntime: nothing is fetched, and nobody told. Its output is that of connectionist temporal
classification (Graves et al. 2006): for each step of the line a distribution over characters and
"none".
"""

import os
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading.scan_picture import Grey

Steps = npt.NDArray[np.float32]
"""Steps × characters: what the model thinks stands at each step of a line."""

HEIGHT: Final = 48
"""Pixels: the height of the lines that the model takes."""
STEP: Final = 8
"""Pixels for each step of its output."""
_THREADS: Final = 2
_WIDEST_BATCH: Final = 1600
_LONGEST: Final = 3200
_PATTERN: Final = "*rec*.onnx"


class Recogniser:
    """A model of text lines; ``characters`` has "" for none at 0."""

    def __init__(self, path: Path) -> None:
        # Its releases tell Microsoft of their use (its Privacy.md); only read as it is imported.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime  # type: ignore[import-untyped]  # opens files, and takes a while

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(_THREADS, os.cpu_count() or 1)
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name
        listed = self._session.get_modelmeta().custom_metadata_map["character"].splitlines()
        self.characters: tuple[str, ...] = ("", *listed, " ")

    def __call__(self, lines: Sequence[Grey]) -> list[Steps]:
        """Return the steps of each line; all have the model's height."""
        found: list[Steps | None] = [None] * len(lines)
        for batch in _batches(lines):
            width = -(-max(lines[at].shape[1] for at in batch) // STEP) * STEP
            shown = np.ones((len(batch), 3, HEIGHT, width), np.float32)
            for place, at in enumerate(batch):
                shown[place, :, :, : lines[at].shape[1]] = lines[at] / 127.5 - 1.0
            steps = self._session.run(None, {self._input: shown})[0]
            for place, at in enumerate(batch):
                found[at] = steps[place, : -(-lines[at].shape[1] // STEP)]
        return [steps for steps in found if steps is not None]


def _batches(lines: Sequence[Grey]) -> Iterator[list[int]]:
    """Yield the numbers of lines nearly as wide as each other."""
    batch: list[int] = []
    for at in sorted(range(len(lines)), key=lambda at: lines[at].shape[1]):
        width = lines[at].shape[1]
        if batch and (len(batch) + 1) * width > _WIDEST_BATCH:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


@cache
def recogniser() -> Recogniser:
    """Return the model, loaded once in a process.

    Raises:
        Refused: ``unsupported_type``, when there is none in the package.
    """
    spec = find_spec("rapidocr")
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    for folder in folders:
        for path in sorted(Path(folder, "models").glob(_PATTERN)):
            return Recogniser(path)
    message = f"the package rapidocr holds no model ({_PATTERN}): reinstall gouji[ocr]"
    raise Refused(Reason.UNSUPPORTED_TYPE, message)
