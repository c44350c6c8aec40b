"""A vehicle as C source gives a C host the very bytes Python would have handed over."""
from pathlib import Path

import pytest
from toolchain import build, run

from trailcoach.vehicle import Vehicle, bundled_vehicles
from trailcoach.vehicle.c_source import c_initialiser


@pytest.mark.parametrize("name", ["jeep-wrangler-jlur", "rivian-r1t"])
def test_the_bytes_are_those_of_python(tmp_path: Path, name: str) -> None:
    vehicle = Vehicle.load(name).with_(lift=0.0123, locker="front")
    (tmp_path / "host.c").write_text(f"""#include <stdio.h>
{c_initialiser(vehicle)}
int main(void) {{ return fwrite(&vehicle, sizeof vehicle, 1, stdout) != 1; }}
""")
    host = build(tmp_path / "host.c", tmp_path)
    run("sh", "-c", f"{host} > {tmp_path / 'bytes'}")
    assert (tmp_path / "bytes").read_bytes() == vehicle.to_abi().tobytes()


def test_every_bundled_vehicle_compiles(tmp_path: Path) -> None:
    sources = [c_initialiser(Vehicle.load(name), name=f"v{i}") for i, name in enumerate(bundled_vehicles())]
    uses = " + ".join(f"(int)v{i}.n_parts" for i in range(len(sources)))
    (tmp_path / "all.c").write_text("\n".join(sources) + f"\nint main(void) {{ return ({uses}) == 0; }}\n")
    run(build(tmp_path / "all.c", tmp_path))
