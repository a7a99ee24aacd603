"""``pitlane backup`` and ``pitlane restore``: a whole station, taken away and brought back."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.options import DEFAULT_DATA_DIR, DataDir

if TYPE_CHECKING:
    from deploy.backup.checking import Findings
    from deploy.backup.restoring import Point, Restored
    from services.gateway.operating import PutOut


def backup(
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            help="The folder of backups, best on another disk. Default: beside the station's "
            "folder, named like it and `-backups`.",
            show_default=False,
        ),
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="Of the newest so many stay.")] = 14,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Restore it at once, to see that it can be.")
    ] = True,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Takes a backup of the station that runs here, while it works on.

    All databases as of one instant, and the station's files: settings,
    secrets, keys. From the first backup on the databases' log goes to the
    same folder as it is written, so that `pitlane restore` reaches any later
    moment too. Exit code 1 when the check finds something wrong.
    """
    import asyncio
    from contextlib import closing
    from dataclasses import replace

    from deploy.backup.folder import write_manifest
    from deploy.backup.restoring import check as checked
    from deploy.backup.taking import take
    from deploy.commands.job_progress import recorded
    from deploy.commands.reach import reach
    from deploy.progress import TerminalProgress

    _is_ours(data_dir)
    to = to or data_dir.absolute().with_name(f"{data_dir.absolute().name}-backups")
    gateway = reach(data_dir).database_urls["gateway"]
    terminal = TerminalProgress()
    with closing(terminal), recorded(terminal, "backup", str(to), gateway) as progress:
        made = asyncio.run(take(data_dir, to, progress=progress))
        about = {"path": made.path, "size": f"{made.manifest.size / 1024**2:.0f}"}
        progress.came_to("backup_unchecked", **about)
        if check:
            findings = asyncio.run(checked(made, progress))
            terminal.close()
            write_manifest(made.path, replace(made.manifest, checked=findings.told()))
            _tell(findings)
            if not findings.good:
                progress.came_to("backup_bad", **about)
                typer.echo(progress.note, err=True)
                raise typer.Exit(1)
            progress.came_to("backup_good", **about)
        _make_room(to, keep)
        typer.echo(progress.note)


def restore(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FROM",
            help="A folder of backups: up to the last moment that is there. One backup of it: "
            "up to that backup.",
        ),
    ],
    to_time: Annotated[
        datetime | None,
        typer.Option(
            "--to-time",
            formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S"],
            help="Up to this moment; without an offset it is of the station's time zone.",
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Also where there is a station: it is moved aside."),
    ] = False,
    keep_tokens: Annotated[
        bool,
        typer.Option(
            "--keep-tokens",
            help="None was revoked since: programs go on with the tokens of that moment.",
        ),
    ] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Makes a station of a backup, in a folder where none runs.

    It begins a new stream of events, made of its databases when it starts;
    the journal tells that it was restored. Everybody is signed out, the
    tokens of programs are revoked, and recovery codes of second factors are
    taken away: those that were ended or used since would open again.
    """
    import asyncio

    from deploy.backup.restoring import point
    from deploy.backup.restoring import restore as restored
    from deploy.progress import TerminalProgress
    from shared.settings import StationSettings

    if to_time and to_time.tzinfo is None:
        to_time = to_time.replace(tzinfo=StationSettings().zone)
    _tell_unreadable(source)
    at = point(source, to_time)
    progress = TerminalProgress()
    try:
        done = asyncio.run(
            restored(at, data_dir, replace=replace, keep_tokens=keep_tokens, progress=progress)
        )
    finally:
        progress.close()
    _tell_restored(done, at, data_dir, keep_tokens=keep_tokens)


def _tell_restored(done: Restored, at: Point, data_dir: Path, *, keep_tokens: bool) -> None:
    _tell(done.findings)
    if done.replaced:
        typer.echo(f"what was there is in {done.replaced}")
    typer.echo(f"{data_dir} is the station {at.words(done.reached)}")
    _tell_put_out(done.put_out, keep_tokens=keep_tokens)
    if at.until or not at.with_log:
        typer.echo(
            "links of clients open what they opened then: if their secret was made anew since, "
            "run `pitlane secrets rotate links` after the start"
        )
    typer.echo(f"start it with `pitlane up --data-dir {data_dir}`, and take a backup of it")


def _tell_put_out(out: PutOut, *, keep_tokens: bool) -> None:
    typer.echo(f"users signed out: {out.people}")
    if keep_tokens:
        typer.echo("tokens of programs open what they opened then, those revoked since too")
    for login, name in out.tokens:
        typer.echo(f"token revoked: {name}, of {login}; its program needs a new one")
    for login in out.recovery_codes:
        typer.echo(
            f"recovery codes taken away: those of {login}, who makes new ones with a code of the "
            "phone (`/profile`); without the phone: `pitlane users password "
            f"{login} --without-second-factor`"
        )
    typer.echo(
        "users, passwords and second factors are those of then: whoever was locked out or given "
        "another password since has to be again (`/users`, or `pitlane users password LOGIN`)"
    )


def _make_room(to: Path, keep: int) -> None:
    """Of the old ones, when the new one is there and not known to be bad."""
    from deploy.backup.folder import drop_old, held

    with held(to):
        for name in drop_old(to, keep):
            typer.echo(f"{name} made room")
    _tell_unreadable(to)


def _tell_unreadable(folder: Path) -> None:
    from deploy.backup.folder import unreadable_in

    for why in unreadable_in(folder):
        typer.echo(f"left as it is: {why}", err=True)


def _is_ours(data_dir: Path) -> None:
    from deploy.local.processes import CannotStart

    foreign = any(re.fullmatch(r"PITLANE_[A-Z]+_DATABASE_URL", name) for name in os.environ)
    if foreign and not data_dir.exists():
        raise CannotStart(
            "the environment names databases that `pitlane up` does not run, and only its own are "
            "backed up here. Back their cluster up as a whole (pg_basebackup, or a snapshot of "
            "the disk: all databases as of one instant) and PITLANE_GATEWAY_KEY with it; after "
            "restoring it, run `pitlane events rebuild`"
        )


def _tell(findings: Findings) -> None:
    from deploy.commands.difference_words import fault_line, line_of, not_counted

    for fault in findings.audit.faults:
        typer.echo(fault_line(fault))
    for difference in findings.differences:
        typer.echo(line_of(difference))
    if not findings.counted:
        typer.echo(not_counted())
    if findings.on_their_way:
        typer.echo(
            f"{findings.on_their_way} events were on their way at that instant, and are delivered "
            f"after the start; {findings.explained} differences come of that"
        )
