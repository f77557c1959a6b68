"""DNA file → `Dna`. Versions 2.1 to 2.8.

Knows where the layers are; what is in them is read by layers.py and geometry.py. Layers for machine learning,
RBF, twist and swing are skipped and named in the notes if they hold anything: what they would add is 0 here.
Layout: EpicGames/OpenRigLogic (MIT), whose own files and outputs this reader is tested with.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cstalk_ue.dna.cursor import REMEDY, Cursor
from cstalk_ue.dna.data import Descriptor, Dna
from cstalk_ue.dna.geometry import read_geometry
from cstalk_ue.dna.layers import (
    Blocks,
    Sizes,
    count_rbf_solvers,
    extend_descriptor,
    read_behaviour,
    read_definition,
    read_descriptor,
    read_joint_types,
)
from cstalk_ue.errors import DnaError

GENERATION = 2
NEWEST = 8
"""A newer file of generation 2 is read as if it were of this version, with a note."""
_MAGIC = b"DNA"
_HEADER_BYTES = 7
_OLDEST_LAYERS = ("desc", "defn", "bhvr", "controls", "joints", "channels", "maps", "geom")
_NEEDED = ("desc", "defn", "bhvr", "geom")
_NOT_EVALUATED = {
    "mlbh": "machine learning",
    "mlbe": "machine learning",
    "rbfb": "RBF poses",
    "rbfe": "RBF poses",
    "twsw": "twist and swing",
}


def read_dna(path: Path, *, meshes: Collection[str] | None = None) -> Dna:
    """Read a DNA file.

    Args:
        path: of the file.
        meshes: names of the meshes to read, () for none; None reads all. The others cost nothing.

    Raises:
        DnaError: the file is missing, damaged, no DNA, or of another generation than 2.
    """
    data = _bytes_of(path)
    try:
        return _File(data, str(path)).read(meshes)
    except MemoryError:
        raise DnaError(
            f"{path}: {len(data)} bytes do not fit into memory. Close something, or use a smaller DNA."
        ) from None


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            start = file.read(_HEADER_BYTES)
            if start[:3] != _MAGIC:
                raise DnaError(
                    f"{path}: is no DNA file, it begins with {start[:3]!r}; expected {_MAGIC!r}. "
                    "Name the .dna file of a MetaHuman, such as head.dna."
                )
            if len(start) < _HEADER_BYTES:
                raise DnaError(f"{path}: ends at byte {len(start)}; expected a header of 7 bytes. {REMEDY}")
            return start + file.read()
    except MemoryError:
        raise DnaError(f"{path}: does not fit into memory.") from None
    except OSError as error:
        raise DnaError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error


@dataclass(frozen=True)
class _Layer:
    start: int
    end: int


class _File:
    """A file in memory, with the places of its layers."""

    def __init__(self, data: bytes, source: str) -> None:
        self.data, self.source = data, source
        header = Cursor(data, source, 3, len(data))
        generation, version = header.u16(), header.u16()
        if generation != GENERATION or version < 1:
            raise DnaError(
                f"{source}: DNA of version {generation}.{version}; expected {GENERATION}.1 to "
                f"{GENERATION}.{NEWEST}. Export it with a newer MetaHuman Creator or Unreal Engine."
            )
        self.version = (generation, version)
        self.notes: list[str] = []
        if version > NEWEST:
            self.notes.append(
                f"version {generation}.{version} is newer than {GENERATION}.{NEWEST}, "
                "and read as if it were that."
            )
        self.layers = self._oldest(header) if version == 1 else self._indexed(header)

    def read(self, meshes: Collection[str] | None) -> Dna:
        descriptor = read_descriptor(self.at("desc"))
        if "dsce" in self.layers:
            descriptor = extend_descriptor(self.at("dsce"), descriptor)
        definition = read_definition(self.at("defn"), descriptor.lod_count)
        sizes = Sizes(
            gui=len(definition.gui),
            raw=len(definition.raw),
            joints=len(definition.joints),
            channels=len(definition.channels),
            maps=len(definition.maps),
            lods=descriptor.lod_count,
            extra=self._extra_controls(),
        )
        if self.version[1] == 1:
            blocks = Blocks(*(self.at(name) for name in ("controls", "joints", "channels", "maps")))
        else:
            blocks = Blocks(*[self.at("bhvr")] * 4)
        quaternions = "jbmd" in self.layers and read_joint_types(self.at("jbmd"), sizes.joints)
        return Dna(
            source=self.source,
            version=self.version,
            descriptor=descriptor,
            definition=definition,
            behaviour=read_behaviour(blocks, sizes),
            meshes=self._meshes(definition.meshes, meshes, sizes),
            notes=(*self.notes, *self._skipped(descriptor)),
            quaternion_joints=quaternions,
        )

    def at(self, name: str) -> Cursor:
        layer = self.layers[name]
        return Cursor(self.data, self.source, layer.start, layer.end)

    def _oldest(self, header: Cursor) -> dict[str, _Layer]:
        """2.1: eight places, without lengths."""
        starts = {name: header.u32() for name in _OLDEST_LAYERS}
        return {name: _Layer(start, len(self.data)) for name, start in starts.items()}

    def _indexed(self, header: Cursor) -> dict[str, _Layer]:
        """2.2 and later: a table of names, versions, places and sizes."""
        layers: dict[str, _Layer] = {}
        for _ in range(header.count("layers", 16)):
            at = header.at
            name = header.u32().to_bytes(4, "big").decode("latin-1")
            header.u32()  # version of the layer
            start = header.u32()
            end = start + header.u32()
            if end > len(self.data):
                header.fail(f"layer {name!r} is said to end at byte {end}; the file has {len(self.data)}", at)
            layers.setdefault(name, _Layer(start, end))
        missing = [name for name in _NEEDED if name not in layers]
        if missing:
            header.fail(
                f"layer {missing[0]!r} is missing; expected {', '.join(_NEEDED)}, found {_plain(layers)}"
            )
        return layers

    def _extra_controls(self) -> int:
        """Controls behind those of the PSD, which nothing drives here."""
        return sum(len(self.at(name).texts("controls")) for name in ("mlbh", "rbfe") if name in self.layers)

    def _meshes(self, names: tuple[str, ...], wanted: Collection[str] | None, sizes: Sizes) -> dict:
        for name in wanted or ():
            if name not in names:
                raise DnaError(
                    f"{self.source}: has no mesh {name!r}; it has {', '.join(names[:12]) or 'none'}. "
                    "Name one of these."
                )
        return read_geometry(
            self.at("geom"),
            names,
            wanted=wanted,
            joints=sizes.joints,
            channels=sizes.channels,
            absolute_ends=self.version[1] == 1,
        )

    def _skipped(self, descriptor: Descriptor) -> list[str]:
        """A sentence on each layer that holds something and is not evaluated."""
        notes = []
        for name, layer in self.layers.items():
            if not any(self.data[layer.start : layer.end]) or name in ("jbmd", "dsce", *_NEEDED):
                continue
            if name == "rbfb" and count_rbf_solvers(self.at(name)) == 0:
                continue
            if self.version[1] > 1:
                what = _NOT_EVALUATED.get(name, "unknown")
                notes.append(f"layer {_plain([name])} ({what}) is not evaluated; what it would add stays 0.")
        return notes


def _plain(names: Collection[str]) -> str:
    """Names from a file, fit to be shown."""
    return ", ".join("".join(c if c.isalnum() and c.isascii() else "?" for c in name) for name in names)
