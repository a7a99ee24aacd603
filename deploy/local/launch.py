"""Becomes another program: one that ends with its parent and, if need be, does not run as root.

Run by its path as ``python -I -S launch.py PARENT_PID DEATH_SIGNAL NOT_ROOT_FOLDER PROGRAM ARG…``,
standard library only, because it stands before each child process. The kernel sends DEATH_SIGNAL
as soon as the parent is gone, however it went. PostgreSQL refuses to run as root: with a
NOT_ROOT_FOLDER (else an empty word) root becomes somebody else, who owns that folder and nothing
more than before.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    parent, death_signal, not_root_folder, *command = sys.argv[1:]
    if not_root_folder:
        stop_being_root(not_root_folder)
    # After the change of user, which would have reset it.
    die_with(int(parent), int(death_signal))
    os.execv(command[0], command)


def die_with(parent: int, death_signal: int) -> None:
    """The kernel will send ``death_signal`` when ``parent``, which must be our parent, ends."""
    libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:  # it was gone before the kernel knew of our wish
        raise SystemExit(1)


def stop_being_root(folder: str) -> None:
    """In a user namespace of our own, where root's files belong to an ordinary user; where the
    machine refuses namespaces, as ``nobody``. A user without a name counts as root here, since
    initdb wants a name."""
    if os.geteuid() != 0 and has_name(os.geteuid()):
        return
    try:
        outside_uid, outside_gid = os.geteuid(), os.getegid()
        os.unshare(os.CLONE_NEWUSER)
    except OSError as error:
        if os.geteuid() != 0:
            raise SystemExit(f"user {os.geteuid()} has no name, and {error}") from error
        become_nobody(folder)
        return
    inside_uid = min(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid)
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{inside_uid} {outside_uid} 1")
    write("/proc/self/gid_map", f"{inside_uid} {outside_gid} 1")


def become_nobody(folder: str) -> None:
    nobody = pwd.getpwnam("nobody")
    hand_over(folder, nobody.pw_uid, nobody.pw_gid)
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(nobody.pw_gid, nobody.pw_gid, nobody.pw_gid)
    os.setresuid(nobody.pw_uid, nobody.pw_uid, nobody.pw_uid)
    # The program and its folder may lie in a home that only root may enter: the way there stays
    # open, and nobody's folders need new permissions.
    mask = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    wanted = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if libc.capset(header, wanted) == 0:
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def hand_over(folder: str, uid: int, gid: int) -> None:
    """Gives a folder away, its top last: who owns the top owns the rest, even after a crash."""
    if os.stat(folder).st_uid == uid:
        return
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in (*folders, *files):
            os.chown(os.path.join(parent, name), uid, gid, follow_symlinks=False)
    os.chown(folder, uid, gid)


def has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


if __name__ == "__main__":
    main()
