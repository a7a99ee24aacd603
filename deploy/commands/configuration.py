"""``pitlane config``: what the environment says, without its secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel

    from services.documents.providers.settings import MessageSettings
    from shared.settings import ServiceSettings

app = typer.Typer(help="Configuration from the environment.", no_args_is_help=True)


@app.command("show")
def show() -> None:
    """Prints every setting as its variable, with passwords masked; defaults too."""
    from shared.settings import OWN, PREFIX

    services, messages = checked_services(), checked_messages()
    common = next(iter(services.values()))
    for field in type(common).model_fields:
        if field not in (*OWN, "service"):
            _print(f"{PREFIX}{field.upper()}", getattr(common, field))
    for name, settings in services.items():
        for field in OWN:
            _print(f"{PREFIX}{name.upper()}_{field.upper()}", getattr(settings, field))
    _print_all(f"{PREFIX}MESSAGES_", messages)


def checked_services() -> dict[str, ServiceSettings]:
    """What the environment tells each of them, but perhaps a database. Raises ``CannotStart``."""
    from deploy.local.processes import CannotStart
    from shared.settings import SERVICES, ServiceSettings

    try:
        return {name: ServiceSettings.load(name, database_url="") for name in SERVICES}
    except SystemExit as error:
        raise CannotStart(str(error)) from error


def checked_messages() -> MessageSettings:
    """What it tells documents of messages. Raises ``CannotStart``."""
    from deploy.local.processes import CannotStart
    from services.documents.providers.settings import MessageSettings

    try:
        return MessageSettings.load()
    except SystemExit as error:
        raise CannotStart(str(error)) from error


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
