"""A progress bar that lets messages through, on standard error."""

import contextlib
from collections.abc import Callable, Iterator

import click


@contextlib.contextmanager
def progress(total: int, unit: str) -> Iterator[Callable[[str], None]]:
    """Give a function to call after each of `total` steps, with a message to print or ""."""
    from tqdm import tqdm

    # A bar that has nothing to show for two seconds is not drawn, nor is one in a log file (disable=None).
    with tqdm(total=total, unit=f" {unit}", delay=2, dynamic_ncols=True, disable=None) as bar:

        def tell(message: str) -> None:
            if message:
                bar.clear()
                click.echo(message, err=True)
            bar.update()

        yield tell
