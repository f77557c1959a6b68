"""A long line from overlapping chunks: every frame is covered, seams go where nobody sees them."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.chunks import Chunk, Chunking, join_chunks, plan_chunks
from cstalk_ue.errors import ConfigError

FPS = 30.0


@st.composite
def chunkings(draw):
    chunk = draw(st.floats(0.8, 60))
    return Chunking(chunk, draw(st.floats(0.4, chunk / 2)))


def plan(frames: int, chunking: Chunking) -> list[Chunk]:
    return plan_chunks(frames, chunking, fps=FPS, grid_frames=3)


@given(frames=st.integers(1, 5000), chunking=chunkings())
def test_chunks_cover_the_line_on_the_grid_and_only_neighbours_overlap(frames, chunking):
    chunks = plan(frames, chunking)
    assert chunks[0].first == 0 and chunks[-1].last == frames
    for chunk in chunks:
        assert chunk.first % 3 == 0 and chunk.first < chunk.last <= frames
        assert (chunk.last - chunk.first) / FPS <= max(chunking.chunk_seconds, 0.1) + 1e-6
    for before, after in itertools.pairwise(chunks):
        assert before.first < after.first < before.last < after.last
    for one, three in zip(chunks, chunks[2:], strict=False):
        assert one.last <= three.first


@given(frames=st.integers(1, 3000), chunking=chunkings(), seed=st.integers(0, 99))
def test_chunks_that_agree_join_to_the_line_itself(frames, chunking, seed):
    line = np.random.default_rng(seed).normal(size=(frames, 3)).astype(np.float32)
    parts = ((chunk, line[chunk.first : chunk.last]) for chunk in plan(frames, chunking))
    joined, seams = join_chunks(parts, frames, fps=FPS)
    assert np.allclose(joined, line, atol=1e-6)
    assert len(seams) == len(plan(frames, chunking)) - 1


@pytest.mark.parametrize(("chunk", "overlap"), [(1.1, 0.55), (0.8, 0.4), (20, 4), (30, 15), (2.0, 0.99)])
def test_overlaps_off_the_grid_cover_every_frame(chunk, overlap):
    """Rounding each length to the nearest 0.1 s made an overlap longer than half a chunk."""
    for frames in range(1, 200):
        parts = (
            (c, np.ones((c.last - c.first, 2), dtype=np.float32))
            for c in plan(frames, Chunking(chunk, overlap))
        )
        assert (join_chunks(parts, frames, fps=FPS)[0] == 1).all()


def test_the_seam_goes_where_the_chunks_agree(rng):
    """Two predictions differ all over their overlap but for two thirds of a second."""
    first, second = Chunk(0, 600), Chunk(480, 900)
    values = rng.normal(size=(900, 4)).astype(np.float32) * 0.1
    other = values[480:].copy()
    other[:120] += 0.5
    other[50:70] -= 0.5
    joined, seams = join_chunks([(first, values[:600]), (second, other)], 900, fps=FPS)
    assert seams[0].first >= 530 and seams[0].last <= 550
    assert seams[0].difference < 1e-6
    assert np.allclose(joined[:550], values[:550], atol=1e-6)
    assert np.allclose(joined[550:], other[70:], atol=1e-6)


def test_of_equal_agreement_the_stillest_moment_is_taken(rng):
    line = rng.normal(size=(900, 4)).astype(np.float32)
    line[540:560] = 0.3
    parts = [(Chunk(0, 600), line[:600]), (Chunk(480, 900), line[480:])]
    seam = join_chunks(parts, 900, fps=FPS)[1][0]
    assert seam.first >= 538 and seam.last <= 562


def test_a_seam_keeps_away_from_the_ends_of_the_overlap(rng):
    """Chunks lack context there: even perfect agreement at the very edge is not used."""
    line = rng.normal(size=(900, 4)).astype(np.float32)
    other = line[480:] + 1.0
    other[:20] -= 1.0
    seam = join_chunks([(Chunk(0, 600), line[:600]), (Chunk(480, 900), other)], 900, fps=FPS)[1][0]
    assert seam.first >= 480 + 30 and seam.last <= 600 - 30


def test_a_fade_steps_evenly_from_one_chunk_to_the_next():
    zeros, ones = np.zeros((600, 1), dtype=np.float32), np.ones((420, 1), dtype=np.float32)
    joined, seams = join_chunks([(Chunk(0, 600), zeros), (Chunk(480, 900), ones)], 900, fps=FPS)
    assert seams[0].difference == pytest.approx(1.0)
    assert np.diff(joined[:, 0]).max() <= 1 / 15 + 1e-6


@pytest.mark.parametrize(
    "pair", [(20, 0.3), (20, 11), (float("nan"), 4), (20, float("nan")), (float("inf"), 4), (-5, 1)]
)
def test_chunks_that_cannot_be_faded_are_refused(pair):
    with pytest.raises(ConfigError, match="overlap"):
        Chunking(*pair)


def test_chunks_are_cut_down_to_what_an_encoder_takes():
    assert Chunking(60, 10).within(480000) == Chunking(30, 10)
    assert Chunking(60, 25).within(480000) == Chunking(30, 15)
    assert Chunking(20, 4).within(None) == Chunking(20, 4)
