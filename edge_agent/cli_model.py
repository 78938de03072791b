"""`edge-agent model …`: another model file, tried before it is used; and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge_agent.cli_told import ConfigPath, not_written, told
from edge_agent.config.loader import load
from edge_agent.runtime import logs

model = typer.Typer(no_args_is_help=True, help="Mô hình nhận diện / the models: install, rollback.")
_RESTART = (
    "Dùng từ lần khởi động sau: systemctl restart edge-agent (ghi hình vẫn chạy).\n"
    "In use from the next start: systemctl restart edge-agent (recording goes on)."
)


@model.command()
@told
def install(
    file: Annotated[Path, typer.Argument(help="FILE.xml (+ .bin), .onnx, .pt")],
    name: Annotated[str, typer.Option("--model", help="mô hình nào / which model")] = "person",
    config: ConfigPath = Path("site.yaml"),
) -> None:
    """Try a model file on drawn pictures and, when it is good enough, use it from now on."""
    from edge_agent.app import model_install  # noqa: PLC0415 - a hundred megabytes of libraries

    settings = load(config)
    logs.configure(level="error")
    try:
        done = model_install.install(file, settings, name)
    except OSError as error:
        raise not_written(Path(error.filename or file), error) from error
    if done.trial.drawn:
        typer.echo(f"{done.trial.found}/{done.trial.drawn} người / people")
    before = f" (trước / before: {done.before.ms} ms)" if done.before else ""
    typer.echo(f"{done.trial.ms} ms một lần nhìn / a look{before}")
    typer.echo(f"{done.mark}\n{_RESTART}")


@model.command()
@told
def rollback(config: ConfigPath = Path("site.yaml")) -> None:
    """Use again what was used before the last installation."""
    from edge_agent.app import model_install  # noqa: PLC0415 - a hundred megabytes of libraries

    settings = load(config)
    try:
        now = model_install.roll_back(settings)
    except OSError as error:
        raise not_written(Path(error.filename or "manifest.yaml"), error) from error
    typer.echo(f"{now}\n{_RESTART}")
