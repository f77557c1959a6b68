"""Rigs that the tests of the DNA evaluator share."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from made_dna import dna_bytes, made_dna
from reference_files import dna_folder

from cstalk_ue.dna import Dna, read_dna


@dataclass(frozen=True)
class Reference:
    """A synthetic file, and what OpenRigLogic read from it and made of it."""

    dna: Dna
    expected: dict[str, np.ndarray]


@pytest.fixture(scope="session")
def references(shared_data) -> dict[str, Reference]:
    return {}


@pytest.fixture
def reference(request, references, shared_data) -> Reference:
    """The file named by the parameter; read once."""
    folder, name = dna_folder(shared_data), request.param
    if name not in references:
        with np.load(folder / f"{name}_expected.npz", allow_pickle=False) as file:
            expected = {key: file[key] for key in file.files}
        references[name] = Reference(read_dna(folder / f"{name}.dna"), expected)
    return references[name]


@pytest.fixture(scope="session")
def made() -> Dna:
    """A small rig with the names of a MetaHuman, never written to a file."""
    return made_dna()


@pytest.fixture
def made_file(tmp_path: Path, made: Dna) -> Path:
    path = tmp_path / "made.dna"
    path.write_bytes(dna_bytes(made))
    return path
