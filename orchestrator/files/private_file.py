"""Files that hold passwords or decide whom we talk to: ours alone, made anew, never reached through a link.

A folder in which other users may write is a folder where they may plant links; so the folder is checked once
(``require_private_folder``), and each file again when it is opened.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

MODE = 0o600
FOLDER_MODE = 0o700
_SHELF = ("", ".db", ".dat", ".dir", ".bak", ".pag")
"""What the files of a shelf may be called after its own name."""
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class NotPrivate(OSError):
    """Somebody else could have put it there or can change it; the text says what is wrong."""


def require_private_folder(folder: Path) -> None:
    """Make the folder, for us alone, if it is not there. ``NotPrivate`` when it is a link, another user's, or open to
    others' writing; ``OSError`` when it cannot be made.
    """
    with contextlib.suppress(FileExistsError):
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=FOLDER_MODE)
    found = folder.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise NotPrivate("is a symbolic link; name the folder that it leads to")
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(20, "is not a folder", str(folder))
    _require_ours(found, "the folder")


def replace_private(path: Path, content: str) -> None:
    """Put ``content`` there in one step, readable by us alone; a reader sees the old file or the new one, whole.

    What lies there is replaced, not followed or written into. ``OSError`` if it fails.
    """
    new = path.with_name(f"{path.name}.new")
    # Left by a killed writer, or planted: taken away, and if it comes back O_EXCL refuses it.
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, MODE)
    with open(handle, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def open_private(path: Path, flags: int = os.O_RDONLY) -> int:
    """A descriptor of a regular file that is ours (or root's) and that nobody else may write; the caller closes it.

    With ``os.O_CREAT`` it is made if it is not there. ``NotPrivate`` or another ``OSError`` when it is anything else.
    """
    # Not blocking: a pipe planted under that name must not hold us up.
    handle = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, MODE)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise NotPrivate("is not a regular file")
        _require_ours(found, "the file")
    except OSError:
        os.close(handle)
        raise
    return handle


def read_private(path: Path) -> str:
    """The text of a file as ``open_private`` takes it."""
    with open(open_private(path), encoding="utf-8") as file:
        return file.read()


def require_trusted(path: Path) -> None:
    """``NotPrivate`` when somebody else can decide what stands in this file, wherever its links lead; ``OSError`` when
    it is not there. A device that holds nothing of anybody's, such as /dev/null, is trusted.
    """
    found = path.stat()
    if stat.S_ISCHR(found.st_mode) and found.st_rdev == os.stat(os.devnull).st_rdev:
        return
    if not stat.S_ISREG(found.st_mode):
        raise NotPrivate("is not a regular file")
    _require_ours(found, "the file")


def foreign_files_of_shelf(shelf: str) -> list[tuple[str, str]]:
    """Files of a shelf (``shelve``) that somebody else can decide on, each with why. Reading one can run code."""
    found = []
    for ending in _SHELF:
        path = shelf + ending
        if os.path.lexists(path):
            try:
                require_trusted(Path(path))
            except NotPrivate as error:
                found.append((path, str(error)))
            except OSError as error:
                found.append((path, f"cannot be read: {error.strerror}"))
    return found


def _require_ours(found: os.stat_result, what: str) -> None:
    if found.st_uid not in (os.geteuid(), 0):
        raise NotPrivate(f"{what} belongs to another user (uid {found.st_uid})")
    if found.st_mode & _OTHERS_WRITE:
        raise NotPrivate(f"other users may write {what} (mode {stat.S_IMODE(found.st_mode):o}); run chmod go-w on it")
