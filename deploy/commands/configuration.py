"""``pitlane config``: what the environment says, without its secrets."""

from __future__ import annotations

from typing import Any

import typer

app = typer.Typer(help="Configuration from the environment.", no_args_is_help=True)


@app.command("show")
def show() -> None:
    """Prints every setting as its variable, with passwords masked; defaults too."""
    import os

    from pydantic import ValidationError

    from deploy.local.processes import CannotStart
    from shared.settings import SERVICES, ServiceSettings

    own = ("database_url", "health_host", "health_port")
    for name in SERVICES:
        prefix = f"PITLANE_{name.upper()}_"
        given: dict[str, Any] = {
            field: os.environ[prefix + field.upper()]
            for field in own
            if prefix + field.upper() in os.environ
        }
        try:
            settings = ServiceSettings(service=name, **{"database_url": "", **given})
        except ValidationError as error:
            problem = error.errors()[0]
            raise CannotStart(f"{problem['loc'][0]}: {problem['msg']}") from error
        if name == SERVICES[0]:
            for field in type(settings).model_fields:
                if field not in (*own, "service"):
                    _print(f"PITLANE_{field.upper()}", getattr(settings, field))
        for field in own:
            _print(prefix + field.upper(), getattr(settings, field))


def _print(variable: str, value: Any) -> None:
    from shared.settings import masked

    typer.echo(f"{variable}={'' if value is None else masked(str(value))}")
