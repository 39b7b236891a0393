"""The bench from the command line: `rig <command>`. Each command loads only what it needs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from rig.util.errors import BenchError, PlugbenchError
from rig.util.redaction import without_url_passwords
from rig.util.signals import end_as_by_ctrl_c

BenchOption = Annotated[Path, typer.Option("--bench", metavar="FILE", help="The bench description.")]
DEFAULT_BENCH = Path("benches/virtual.toml")

_DAY_S = 86_400

EXIT_FAILURE = 1
"""The firmware did something wrong, or a check found something."""
EXIT_BENCH_ERROR = 2
"""It cannot be done, or what was asked for makes no sense."""


class _Rig(TyperGroup):
    """The command's root: what it repeats of a command line that makes no sense has no password in it."""

    def invoke(self, ctx: Any) -> Any:
        """Read the rest of the line and do what it says."""
        try:
            return super().invoke(ctx)
        except typer.TyperException as error:
            error.message = without_url_passwords(error.message)
            raise


app = typer.Typer(
    cls=_Rig,
    help="Plugbench: a bench that tests the firmware of OCPP charge points.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
bench_app = typer.Typer(help="Bench descriptions.", no_args_is_help=True)
fault_app = typer.Typer(help="The catalogue of faults.", no_args_is_help=True)
csms_app = typer.Typer(help="The fake CSMS.", no_args_is_help=True)
device_app = typer.Typer(help="The virtual charge point.", no_args_is_help=True)
report_app = typer.Typer(help="Reports.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")
app.add_typer(fault_app, name="fault")
app.add_typer(csms_app, name="csms")
app.add_typer(device_app, name="device")
app.add_typer(report_app, name="report")


@app.command()
def doctor(bench: BenchOption = DEFAULT_BENCH) -> None:
    """Look at everything that a bench needs, and say what is wrong and how to mend it."""
    from rig.cli.doctor import examine

    sound = True
    for finding in examine(bench, Path.cwd()):
        sound = sound and finding.ok
        typer.secho(finding.line, fg=None if finding.ok else "red")
    if not sound:
        raise typer.Exit(EXIT_FAILURE)


@bench_app.command("check")
def check_bench(file: Annotated[Path, typer.Argument(metavar="FILE", help="The bench description.")]) -> None:
    """Say whether a bench description can be used."""
    from rig.bench.bench_file import load

    description = load(file)
    typer.echo(f"{file}: a {description.kind} bench named {description.name}, {len(list(description.wires()))} wires")


def _at_most_a_day(seconds: float) -> float:
    if not 0 <= seconds <= _DAY_S:  # NaN is neither
        raise typer.BadParameter(f"{seconds:g} is not in the range from 0 to {_DAY_S}.")
    return seconds


@fault_app.command("list")
def list_faults() -> None:
    """List every fault with what it does, what it takes and what it needs."""
    from dataclasses import fields

    from rig.faults import CATALOGUE

    for name, fault in sorted(CATALOGUE.items()):
        taken = " ".join(f"[{field.name}={field.default}]" for field in fields(fault))  # type: ignore[arg-type]
        needs = f" (needs {', '.join(sorted(fault.needs))})" if fault.needs else ""
        typer.echo(f"{name:18} {fault.summary}{needs}")
        if taken:
            typer.echo(f"{'':18} {taken}")


@fault_app.command("inject")
def inject_fault(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which one: see `rig fault list`.")],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Its arguments.")] = None,
    seconds: Annotated[
        float,
        typer.Option("--for", metavar="SECONDS", help="How long it lasts, at most a day.", callback=_at_most_a_day),
    ] = 5.0,
    bench: BenchOption = DEFAULT_BENCH,
) -> None:
    """Bring the device of a bench up, make a fault happen, take it back, and show what comes of it."""
    from rig.bench.bench_file import load
    from rig.cli.show import show_fault
    from rig.faults import by_name

    pairs = [argument.partition("=") for argument in arguments or ()]
    for key, equals, _ in pairs:
        if not equals:
            raise BenchError(f"{key!r} is no argument of a fault", "Write KEY=VALUE")
    fault = by_name(name, **{key: value for key, _, value in pairs})
    show_fault(load(bench), fault, seconds)


@csms_app.command("serve")
def serve_csms(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The TCP port; 0: any free one.")] = 9000,
    record: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every event to a new file.")] = None,
) -> None:
    """Run the fake CSMS alone and print the traffic; Ctrl-C ends it."""
    from rig.cli.serve import serve

    serve(host, port, record)


@device_app.command("run")
def run_device(
    csms: Annotated[str, typer.Option(metavar="URL", help="ws://HOST:PORT/PATH; the identity is appended.")],
    identity: Annotated[str, typer.Option("--id", metavar="NAME", help="The charge point's identity.")],
    flash: Annotated[Path | None, typer.Option(metavar="FILE", help="A flash file to keep.")] = None,
) -> None:
    """Run the virtual charge point alone, for anyone's CSMS; its console is on the terminal, Ctrl-C ends it."""
    from rig.cli.run_device import run_device as run

    run(csms, identity, Path.cwd(), flash=flash)


@report_app.command("build")
def build_report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run, like reports/runs/ID.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where index.html goes.")] = Path("reports"),
) -> None:
    """Make the report of a run from its record."""
    from rig.report import build

    typer.echo(str(build(run, out)))


def main() -> NoReturn:
    """Run a command. The exit code is 0, 1 where something was found wrong, 2 where it could not be done."""
    stop = end_as_by_ctrl_c()
    try:
        app()
    except PlugbenchError as error:
        typer.secho(f"rig: {error}", fg="red", err=True)
        sys.exit(EXIT_FAILURE if isinstance(error, AssertionError) else EXIT_BENCH_ERROR)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        stop()
    sys.exit(0)
