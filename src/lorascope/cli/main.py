"""The ``lorascope`` command: finds the command's module, shows errors in one line, and sets the exit code.

Exit codes: 0 done · 1 our fault (or a check found something) · 2 the user's mistake · 130 interrupted.
"""

from __future__ import annotations

import errno
import importlib
import io
import sys

import click

from lorascope import __version__
from lorascope.errors import LorascopeError, UserError, did_you_mean

# what the system says when no more can be written: no space, a quota, a limit on the size of files
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# what it says of a place that cannot be used
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG)
# command → (module, one line of help). Modules are imported only when their command runs: start-up time.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("lorascope.cli.init", "Make a lab in this folder."),
    "demo": ("lorascope.cli.demo", "See the whole story on a real built-in experiment."),
    "audit": ("lorascope.cli.captions", "Check captions against their pixels and the text encoder's window."),
    "clean": ("lorascope.cli.clean", "Mend captions: a repaired copy, or in place with a way back."),
    "datasets": ("lorascope.cli.datasets", "Versions of a dataset: list, history, diff, undo."),
    "measure": ("lorascope.cli.measure", "Measure a large collection: pictures and captions to Parquet."),
    "check": ("lorascope.cli.check", "Lint a trainer's configuration: steps, buckets and files before the GPU is rented."),
    "train": ("lorascope.cli.train", "Train a LoRA and record everything."),
    "evaluate": ("lorascope.cli.evaluate", "Sample every checkpoint on a prompt suite and measure the images."),
    "pick": ("lorascope.cli.pick", "Choose a checkpoint, with the probability that it is the best."),
    "promote": ("lorascope.cli.promote", "Record which checkpoint ships, with its evidence and a model card."),
    "rate": ("lorascope.cli.rate", "Judge pictures blind: 0 to 10, or the better of two."),
    "compare": ("lorascope.cli.compare", "Compare runs, prompt by prompt."),
    "impact": ("lorascope.cli.impact", "Which parameters matter, as far as the runs can tell them apart."),
    "why": ("lorascope.cli.why", "Why a run came out as it did: ranked causes, each with its cheapest test."),
    "hypothesis": ("lorascope.cli.hypothesis", "A ledger of hypotheses: written before, judged after."),
    "next": ("lorascope.cli.next", "What to run next: what it teaches, gains and costs."),
    "predict": ("lorascope.cli.predict", "RUN or SKIP, before a training is paid for."),
    "report": ("lorascope.cli.report", "Write a report as Markdown and as one HTML file."),
    "claims": ("lorascope.cli.claims", "Check somebody's report against the records and against itself."),
    "runs": ("lorascope.cli.runs", "List the recorded runs."),
    "show": ("lorascope.cli.show", "Show everything recorded of a run."),
    "import": ("lorascope.cli.import_runs", "Read what a trainer left on disk, tables, or JSON Lines."),
    "watch": ("lorascope.cli.watch", "Follow another trainer's run while it trains."),
    "inspect": ("lorascope.cli.inspect", "What a LoRA file says about its own making."),
    "export": ("lorascope.cli.interchange", "Write runs, checkpoints and scores as JSON Lines."),
    "store": ("lorascope.cli.store", "Migrate, copy, check or back up the store; print its SQL."),
    "parameters": ("lorascope.cli.parameters", "Explain training parameters."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and loads one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Commands in the order of the story they tell."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load the module of a command; for the overview a command's one line is enough."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command = getattr(module, f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The overview, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for a mistyped one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no command {args[0]!r}. {did_you_mean(args[0], COMMANDS) or 'See lorascope --help.'}".strip())
        return super().resolve_command(ctx, args)


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="lorascope")
def cli() -> None:
    """Why a LoRA run came out as it did, which checkpoint to ship, and what to try next.

    \b
    lorascope demo                      the whole story, a few minutes
    lorascope audit my_dataset/         what is wrong with my captions
    lorascope check config.toml         what would stop or spoil the training
    lorascope import ~/loras/           every run that trainers left there
    lorascope pick my_run --metric background_color_accuracy
    """


def main() -> None:
    """Run the command line; show our errors as one line with what to do next."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names and captions may hold signs that this terminal cannot write
            stream.reconfigure(errors="backslashreplace")
    try:
        code = cli.main(prog_name="lorascope", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)  # click returns the code of ctx.exit() instead of raising it
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; everything recorded so far is kept", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except (click.ClickException, LorascopeError, OSError) as error:
        sys.exit(_explain(error))


def _explain(error: click.ClickException | LorascopeError | OSError) -> int:
    """Say in one line what is wrong and in another what to do next; returns the exit code. What is a bug is raised again."""
    match error:
        case click.ClickException():
            context = error.ctx if isinstance(error, click.UsageError) else None
            message, next_step, code = error.format_message(), f"{context.command_path if context else 'lorascope'} --help", 2
        case LorascopeError():
            message, next_step, code = str(error), error.next_step, 2 if isinstance(error, UserError) else 1
        case OSError(errno=number) if number in _FULL:
            message = f"the disk is full, or a limit is reached: {error.strerror} ({error.filename or 'while writing'})"
            next_step, code = "free some space and run the same command again; nothing half-written was kept", 1
        case OSError(errno=number) if number in _FORBIDDEN:
            message, next_step, code = f"{error.strerror} ({error.filename})", "choose another place, or change who may write there", 2
        case _:
            raise error
    from lorascope.reports.wording import visible  # names in it may hold signs that would move the cursor, and line ends

    click.echo(f"error: {visible(' '.join(message.split()))}", err=True)
    if next_step:
        click.echo(f"next:  {visible(' '.join(next_step.split()))}", err=True)
    return code


if __name__ == "__main__":
    main()
