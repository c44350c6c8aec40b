"""Where the C library of this installation lies, for whoever builds a host of it."""
from pathlib import Path

from trailcoach.errors import TrailcoachError

_PACKAGE = Path(__file__).parent


def get_include() -> str:
    """Folder of ``trailcoach.h``, for a compiler's ``-I``.

    Returns
    -------
    str

    Raises
    ------
    TrailcoachError
        This installation has no C library; so do the other functions here.
    """
    return _folder_of("include/trailcoach.h")


def get_lib_dir() -> str:
    """Folder of ``libtrailcoach.so.1``, for a linker's ``-L`` and ``-rpath``."""
    return _folder_of("lib/libtrailcoach.so.1")


def get_pkgconfig_dir() -> str:
    """Folder of ``trailcoach.pc``, for ``PKG_CONFIG_PATH``."""
    return _folder_of("lib/pkgconfig/trailcoach.pc")


def get_cmake_dir() -> str:
    """Folder of ``trailcoachConfig.cmake``, for ``-Dtrailcoach_DIR=``."""
    return _folder_of("lib/cmake/trailcoach/trailcoachConfig.cmake")


def _folder_of(file: str) -> str:
    path = _PACKAGE / file
    if not path.is_file():
        raise TrailcoachError(f"the C library is not part of this installation: no {path}; "
                              "it is built on Linux by 'pip install trailcoach' from source")
    return str(path.parent)
