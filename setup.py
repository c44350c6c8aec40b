"""Build of trailcoach: one Cython object file, linked twice.

    trailcoach/_core.*.so               the Python module
    trailcoach/lib/libtrailcoach.so.1   the C library, with header, pkg-config and CMake files
"""
import shutil
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent.resolve()
ABI = 1                                     # TC_ABI_VERSION in ext/trailcoach.h
COMPILE = [
    "-O3", "-fno-math-errno", "-fno-trapping-math",
    "-ffp-contract=off",                    # x86-64 and aarch64 agree bit for bit
    "-ffunction-sections", "-fdata-sections", "-fvisibility=hidden",
]


class BuildCore(build_ext):
    """Build the Python module, then link the same object file as a C library."""

    def run(self) -> None:
        # setuptools clears self.inplace while super().run() builds
        in_source = self.inplace or getattr(self, "editable_mode", False)
        super().run()
        if sys.platform == "linux":
            (core,) = self.extensions
            objects = self.compiler.object_filenames(core.sources, output_dir=self.build_temp)
            self.link_native(objects, ROOT / "trailcoach" if in_source else Path(self.build_lib) / "trailcoach")

    def link_native(self, objects: list[str], package: Path) -> None:
        """Link the C library and lay the files its users need beside it."""
        lib, include = package / "lib", package / "include"
        for folder in (lib / "pkgconfig", lib / "cmake" / "trailcoach", include):
            folder.mkdir(parents=True, exist_ok=True)
        soname = f"libtrailcoach.so.{ABI}"
        self.spawn([
            self.compiler.compiler_so[0], "-shared", *objects, "-o", str(lib / soname),
            "-Wl,--gc-sections", "-Wl,-z,defs", "-Wl,-z,relro,-z,now", "-Wl,-s", f"-Wl,-soname,{soname}",
            f"-Wl,--version-script={ROOT / 'ext' / 'trailcoach.map'}", "-lm",
        ])
        # a wheel cannot hold symlinks: the name for the linker is a linker script
        (lib / "libtrailcoach.so").write_text(f"INPUT({soname})\n")
        shutil.copy(ROOT / "ext" / "trailcoach.h", include)
        shutil.copy(ROOT / "ext" / "trailcoachConfig.cmake", lib / "cmake" / "trailcoach")
        pc = (ROOT / "ext" / "trailcoach.pc.in").read_text().replace("@VERSION@", self.distribution.get_version())
        (lib / "pkgconfig" / "trailcoach.pc").write_text(pc)


setup(
    ext_modules=cythonize(
        [Extension("trailcoach._core", ["ext/core.pyx"], include_dirs=["ext"], extra_compile_args=COMPILE,
                   depends=["ext/trailcoach.h", *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("ext/*.pxi"))])],
        build_dir="build/cython",
    ),
    cmdclass={"build_ext": BuildCore},
)
