"""The command `harness`. One file for each group of commands; what a command needs is imported when it runs."""

from __future__ import annotations

import argparse
import errno
import faulthandler
import signal
from collections.abc import Sequence

from harness.cli.tell import tell
from harness.edits import remembered
from harness.errors import InputError
from harness.files import Irregular, Unwritable
from harness.memory import keep_memory
from harness.plugins import contained
from harness.pulse import ERRORS
from harness.threads import pin_threads

TOLD = frozenset((errno.ENAMETOOLONG, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EISDIR))  # one line
CLOSED = 141  # 128 + SIGPIPE, as a shell has it
LONG = 255  # letters of a path that are shown
DESCRIPTION = """\
Structure versus data: when is it worth putting structure into a policy, and when collecting more data?

The workflow is Snakemake's:            snakemake --cores 8 [--config study=NAME]
These commands look, try, check and show:
"""
EPILOGUE = """\
examples:
  harness list environments                        what there is, with horizon, budget and reference scores
  harness run CartPole-v1 linear ars --seed 3      one run, here and now, with its learning curve
  harness new algorithm mine                       algorithms/mine.py, to begin one's own from
  harness check algorithms/mine.py                 is my algorithm lawful?
  harness ui                                       all runs in MLflow
  harness watch quickstart CartPole-v1             the best learned policy, moving
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if all is well, 1 if a check failed, 2 for bad input."""
    faulthandler.enable(ERRORS)  # what crashes below Python, or aborts, says in which line
    pin_threads()
    keep_memory()
    remembered()
    options = make_parser().parse_args(arguments)
    try:
        with contained():
            status: int = options.act(options)
    except InputError as error:
        tell(f"error: {error}", errors=True)
        return 2
    except Irregular as error:
        tell(f"error: {error.filename}: {error.strerror}", errors=True)
        return 2
    except Unwritable as error:
        tell(f"error: {error.filename} cannot be written: {error.strerror}; what stands stays", errors=True)
        return 1
    except KeyboardInterrupt as told:  # with the number of a signal where a command is `interruptible`
        tell("interrupted", errors=True)
        return 128 + int(told.args[0] if told.args else signal.SIGINT)
    except BrokenPipeError:  # nobody reads on, as in `| head`: what was not told is no success
        return CLOSED
    except OSError as error:
        from harness.kernel_folder import of_kernels

        unusable = of_kernels(error)
        if unusable is None and error.errno not in TOLD:
            raise
        error = unusable or error
        place = str(error.filename or "a temporary file")
        tell(f"error: {place if len(place) <= LONG else f'{place[:60]}…'}: {error.strerror}", errors=True)
        return 2 if error.errno == errno.ENAMETOOLONG else 1
    return status


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    from harness.cli import check, inspect, new, play, published, stages, tracking, trust

    parser = argparse.ArgumentParser(
        prog="harness",
        description=DESCRIPTION,
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in (inspect, play, new, check, tracking, trust, published, stages):
        module.add_commands(commands)
    return parser
