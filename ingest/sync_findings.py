"""What is wrong with the sync of sessions, and of takes against their session.

Knows nothing about how a lag is measured or pooled (see sync.py).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ingest.data_set_settings import CheckRules
from ingest.rules import Finding, Levels
from ingest.sync import PooledLag
from ingest.take_summary import TakeSummary


def sync_findings(
    takes: Sequence[TakeSummary],
    sessions: Mapping[tuple[str, ...], PooledLag],
    rules: CheckRules,
    levels: Levels,
) -> Iterator[Finding]:
    """Lags of sessions, and takes that are far from theirs."""
    members = defaultdict(list)
    for take in takes:
        members[take.session].append(take)
    for session, pooled in sessions.items():
        names = tuple(take.name for take in members[session])
        windows = f"{pooled.agreeing} of {pooled.windows} windows of {pooled.takes} takes"
        if pooled.verdict == "scattered":
            yield levels.finding("session-scattered", names, f"only {windows} agree on a lag")
        if pooled.verdict != "agreed" or pooled.seconds is None:
            continue
        if abs(pooled.seconds) > rules.most_lag_seconds:
            yield levels.finding(
                "session-lag",
                names,
                f"curves are {spell_lag(pooled.seconds)} in {windows}, "
                f"expected {rules.most_lag_seconds * 1000:.0f} ms or less",
            )
        for take in members[session]:
            lag = take.lag
            if lag.seconds is None or lag.confidence < rules.least_lag_confidence:
                continue
            if abs(lag.seconds - pooled.seconds) > rules.most_outlier_seconds:
                yield levels.finding(
                    "outlying-lag",
                    take.name,
                    f"curves are {spell_lag(lag.seconds)} (confidence {lag.confidence:.2f}), "
                    f"in its session {spell_lag(pooled.seconds)}",
                )


def spell_lag(seconds: float) -> str:
    """A lag as people say it, such as ``33 ms later than the sound``."""
    return f"{abs(seconds) * 1000:.0f} ms {'later' if seconds < 0 else 'earlier'} than the sound"
