"""``pitlane config``: what the environment says, without its secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel

app = typer.Typer(help="Configuration from the environment.", no_args_is_help=True)


@app.command("show")
def show() -> None:
    """Prints every setting as its variable, with passwords masked; defaults too."""
    import os

    from pydantic import ValidationError

    from deploy.local.processes import CannotStart
    from services.documents.providers.settings import MessageSettings
    from shared.settings import SERVICES, ServiceSettings

    own = ("database_url", "health_host", "health_port", "health_fd")
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
    try:
        messages = MessageSettings()
    except ValidationError as error:
        raise CannotStart(f"PITLANE_MESSAGES_…: {error.errors()[0]['msg']}") from error
    _print_all("PITLANE_MESSAGES_", messages)


def _print_all(prefix: str, settings: BaseModel) -> None:
    """A provider's settings are groups within the group; secrets print as stars."""
    for field, value in settings:
        if not type(settings).model_fields[field].repr:
            value = "***" if value else ""
        if hasattr(value, "model_fields_set"):
            _print_all(f"{prefix}{field.upper()}__", value)
        else:
            _print(prefix + field.upper(), value)


def _print(variable: str, value: Any) -> None:
    from shared.settings import masked

    typer.echo(f"{variable}={'' if value is None else masked(str(value))}")
