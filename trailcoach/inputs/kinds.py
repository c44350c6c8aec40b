"""What a file is, by its first bytes, so that an error can say what was handed over in place of what is needed."""
from __future__ import annotations

from pathlib import Path

_HEAD = 4096
_MAGIC = (
    (b"II*\0", "a GeoTIFF"), (b"MM\0*", "a GeoTIFF"), (b"II+\0", "a GeoTIFF"), (b"MM\0+", "a GeoTIFF"),
    (b"\x89MCAP", "an MCAP file"), (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"),
    (b"PK\x03\x04", "a zip archive"), (b"\x1f\x8b", "a gzip archive"), (b"%PDF", "a PDF"), (b"\x7fELF", "a program"),
)
_HEADERS = (
    ("t,gx,gy,gz,ax,ay,az", "a file of IMU samples (imu.csv)"),
    ("t,fl,fr,rl,rr", "a file of wheel speeds (wheels.csv)"),
    ("t,roll,pitch", "a file of inclinations (inclination.csv)"),
    ("t,angle", "a file of steering angles (steering.csv)"),
    ("t,v", "a file of vehicle speeds (speed.csv)"),
    ("id,x,y,yaw", "a table of poses"), ("x,y,yaw", "a table of poses"),
    ("x,y", "a trail (CSV)"),
)


def kind_of(path: Path) -> str:
    """What lies at a path, in words with their article.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        "a log", "a GeoTIFF", "a vehicle file", ...; "something else" where it cannot be told.
    """
    try:
        if path.is_dir():
            return "a log" if (path / "imu.csv").exists() else "a folder"
        if path.exists() and not path.is_file():        # reading a pipe might wait for ever
            return "a pipe or device, not a regular file"
        with open(path, "rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return "something that cannot be read"
    if not head:
        return "an empty file"
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return what
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        if len(head) < _HEAD or e.start < _HEAD - 3:        # else the head ends within a character
            return "binary data"
        text = head[:e.start].decode("utf-8-sig")
    return "binary data" if "\0" in text else _kind_of_text(text)


def _kind_of_text(text: str) -> str:
    first = text.lstrip().partition("\n")[0].strip()
    if "<gpx" in text[:1000]:
        return "a GPX trail"
    if first.startswith(("{", "[")) and '"type"' in text:
        return "a GeoJSON trail"
    columns = first.replace(" ", "")
    for header, what in _HEADERS:
        if columns == header:
            return what
    if "wheelbase" in text and "=" in text:
        return "a vehicle file"
    return "a text file"
