"""Build of trailcoach: one Cython object file, linked twice.

    trailcoach/_core.*.so               the Python module
    trailcoach/lib/libtrailcoach.so.1   the C library, with header, pkg-config and CMake files

A built package also carries terrain_data/; an editable one uses the checkout's.
"""
import shutil
import sys
import sysconfig
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent.resolve()
ABI = 1                                     # TC_ABI_VERSION in ext/trailcoach.h
COMPILE = [
    "-O3", "-fno-math-errno", "-fno-trapping-math",
    "-ffp-contract=off",                    # x86-64 and aarch64 agree bit for bit
    "-ffunction-sections", "-fdata-sections", "-fvisibility=hidden",
]
SOURCES = ["setup.py", "ext/core.pyx", "ext/trailcoach.h", "ext/roughness_model.h",
           *(f"ext/{p.name}" for p in sorted(ROOT.glob("ext/*.pxi")))]


class BuildPackage(build_py):
    """Copy the package, and the sample data into it."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "trailcoach" / "terrain_data"
            shutil.rmtree(target, ignore_errors=True)       # what was taken away from the data stays away
            shutil.copytree(ROOT / "terrain_data", target)


class BuildCore(build_ext):
    """Build the Python module, then link the same object file as a C library."""

    def finalize_options(self) -> None:
        super().finalize_options()
        # an editable install would put the object file where the next one does not find it
        self.build_temp = str(ROOT / "build" / f"temp.{sysconfig.get_platform()}-{sys.implementation.cache_tag}")

    def run(self) -> None:
        # setuptools clears self.inplace while super().run() builds
        in_source = self.inplace or self.editable_mode
        (core,) = self.extensions
        objects = [Path(self.build_temp, source).with_suffix(".o") for source in core.sources]
        self.force = self.force or not all(path.exists() for path in objects)
        super().run()
        if sys.platform == "linux":
            self.link_native(objects, ROOT / "trailcoach" if in_source else Path(self.build_lib) / "trailcoach")

    def link_native(self, objects: list[Path], package: Path) -> None:
        """Link the C library and lay the files its users need beside it."""
        lib, include = package / "lib", package / "include"
        for folder in (lib / "pkgconfig", lib / "cmake" / "trailcoach", include):
            folder.mkdir(parents=True, exist_ok=True)
        soname = f"libtrailcoach.so.{ABI}"
        self.spawn([
            self.compiler.compiler_so[0], "-shared", *map(str, objects), "-o", str(lib / soname),
            "-Wl,--gc-sections", "-Wl,-z,defs", "-Wl,-z,relro,-z,now",
            "-Wl,--strip-debug",            # names stay, so that a profile or a backtrace of a host can be read
            f"-Wl,-soname,{soname}", f"-Wl,--version-script={ROOT / 'ext' / 'trailcoach.map'}", "-lm",
        ])
        # a wheel cannot hold symlinks: the name for the linker is a linker script
        (lib / "libtrailcoach.so").write_text(f"INPUT({soname})\n")
        shutil.copy(ROOT / "ext" / "trailcoach.h", include)
        shutil.copy(ROOT / "ext" / "trailcoachConfig.cmake", lib / "cmake" / "trailcoach")
        self.fill_in("trailcoachConfigVersion.cmake", lib / "cmake" / "trailcoach")
        self.fill_in("trailcoach.pc", lib / "pkgconfig")

    def fill_in(self, name: str, folder: Path) -> None:
        """Write a file from its template in ext/, with the version of the package."""
        template = (ROOT / "ext" / f"{name}.in").read_text()
        (folder / name).write_text(template.replace("@VERSION@", self.distribution.get_version()))


setup(
    ext_modules=cythonize(
        [Extension("trailcoach._core", ["ext/core.pyx"], include_dirs=["ext"], extra_compile_args=COMPILE,
                   extra_link_args=["-Wl,--strip-debug"] if sys.platform == "linux" else [], depends=SOURCES)],
        build_dir="build/cython",
    ),
    cmdclass={"build_py": BuildPackage, "build_ext": BuildCore},
)
