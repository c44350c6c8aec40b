"""The promise: what is replayed on the desk is bit for bit what the head unit did."""
import math
import os
import shlex
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from toolchain import tool

from trailcoach import _core, native
from trailcoach.engine import make_config, start_values
from trailcoach.fusion import Status
from trailcoach.log import Log
from trailcoach.playback import TICK_RATE, driven_trail, record
from trailcoach.recording import CONFIG, MAGIC, Recording, tick_times
from trailcoach.terrain import Terrain
from trailcoach.trail import Trail
from trailcoach.vehicle import Vehicle

ROOT = Path(__file__).parent.parent.parent
DRIVES = ROOT / "terrain_data" / "drives"


def numbers(line: str) -> list[float]:
    return [float.fromhex(word) if "x" in word or "n" in word else float(word) for word in line.split()[1:]]


def same(a: list[float], b: list[float]) -> bool:
    return len(a) == len(b) and all(x == y or (math.isnan(x) and math.isnan(y)) for x, y in zip(a, b, strict=True))


def answers(log: Log, vehicle: Vehicle, terrain: Terrain, trail: Trail) -> dict[str, list[list[float]]]:
    """What the engine answers through its Python face, in the order of host.c's columns."""
    engine = _core.Engine(make_config(vehicle, log))
    engine.set_terrain(terrain.grid)
    engine.set_trail(trail.xy, trail.half_width)
    assert log.meta.start is not None
    engine.set_start(*start_values(terrain, *log.meta.start))
    out: dict[str, list[list[float]]] = {"state": [], "stance": [], "step": []}
    kinds, rows, t_ns = log.timeline()
    times, first = tick_times(log, TICK_RATE), 0
    for time, end in zip(times, np.searchsorted(t_ns, times, side="right"), strict=True):
        engine.push_merged(kinds[first:end], rows[first:end], log.arrays)
        first = end
        engine.tick(int(time))
        s, stance = engine.state(), engine.stance()
        out["state"].append([s["t_ns"], *s["position"], *s["velocity"], s["roll"], s["pitch"], s["yaw"], s["status"]])
        if stance is not None:
            out["stance"].append([*(stance[k] for k in ("status", "z", "roll", "pitch")), stance["tip_margin"][0],
                                  stance["least_part"]])
        while (step := engine.next_step()) is not None:
            out["step"].append([step[k] for k in ("id", "kind", "cause", "priority", "side", "part", "wheel", "t_ns",
                                                  "to_go", "turns", "distance", "clearance", "other_clearance",
                                                  "angle")])
    return out


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("gcc"):
        pytest.skip("no gcc")
    exe = tmp_path_factory.mktemp("host") / "host"
    subprocess.run(["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{native.get_include()}",
                    str(ROOT / "examples" / "host.c"), "-o", str(exe), f"-L{native.get_lib_dir()}",
                    f"-Wl,-rpath,{native.get_lib_dir()}", "-ltrailcoach"], check=True)
    return exe


@pytest.mark.parametrize("drive", ["d00", "d01"])
def test_c_host_gives_the_answers_of_python_bit_for_bit(host: Path, drive: str, tmp_path: Path) -> None:
    # given a bundled drive and its recording
    log = Log.open(DRIVES / drive)
    assert log.meta.vehicle is not None
    vehicle, terrain = Vehicle.load(log.meta.vehicle), Terrain.open(DRIVES / drive / "terrain.tif")
    trail = driven_trail(log, vehicle, terrain)
    record(tmp_path / "drive.tcrec", log, vehicle, terrain, trail)

    # when the C host replays the recording and Python the log
    lines = subprocess.run([str(host), str(tmp_path / "drive.tcrec")], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    from_c = {kind: [numbers(ln) for ln in lines if ln.startswith(kind + " ")] for kind in ("state", "stance", "step")}
    from_python = answers(log, vehicle, terrain, trail)

    # then nothing differs, not in the last bit
    for kind, expected in from_python.items():
        assert len(from_c[kind]) == len(expected) > 0, kind
        assert all(same(a, [float(x) for x in b]) for a, b in zip(from_c[kind], expected, strict=True)), kind


def last_state(host: Path, recording: Path) -> list[float]:
    lines = subprocess.run([str(host), str(recording)], check=True, capture_output=True, text=True).stdout.splitlines()
    return numbers([line for line in lines if line.startswith("state ")][-1])


def test_a_shuffled_recording_ends_in_the_state_of_the_sorted_one(host: Path, tmp_path: Path) -> None:
    # given a drive whose samples come up to 0.2 s late, in any order, some of them twice
    log = Log.open(DRIVES / "d01")
    vehicle, terrain = Vehicle.load(log.meta.vehicle), Terrain.open(DRIVES / "d01" / "terrain.tif")
    config = make_config(vehicle, log, guidance=False)
    kinds, rows, t_ns = log.timeline()
    late = t_ns + np.random.default_rng(5).uniform(0.0, 0.2e9, len(t_ns))
    end = int(t_ns[-1]) + 1
    for name, order in (("sorted", np.arange(len(t_ns))), ("shuffled", np.argsort(late).repeat(2))):
        with open(tmp_path / name, "wb") as file:
            r = Recording(file)
            r.config(config)
            r.terrain(terrain.grid)
            r.start(*start_values(terrain, *log.meta.start))
            for i in order:
                r.sample(int(kinds[i]), log.arrays[kinds[i]][rows[i]])
            r.tick(end)
    # when the C host replays both, then nothing differs but the flag that tells of the way back
    in_order, shuffled = (last_state(host, tmp_path / name) for name in ("sorted", "shuffled"))
    assert same(shuffled[:-1], in_order[:-1])
    assert int(shuffled[-1]) == int(in_order[-1]) | Status.REWOUND


def test_a_recording_of_another_version_is_refused(host: Path, tmp_path: Path) -> None:
    (tmp_path / "old.tcrec").write_bytes(b"TCREC\0\0\x63")
    run = subprocess.run([str(host), str(tmp_path / "old.tcrec")], capture_output=True, text=True)
    assert run.returncode == 2
    assert "ABI version" in run.stderr


def test_a_recording_cut_short_is_an_error(host: Path, tmp_path: Path) -> None:
    log = Log.open(DRIVES / "d00")
    vehicle, terrain = Vehicle.load("jeep-wrangler-jlur"), Terrain.open(DRIVES / "d00" / "terrain.tif")
    record(tmp_path / "drive.tcrec", log, vehicle, terrain)
    whole = (tmp_path / "drive.tcrec").read_bytes()
    tick_head, payload = 8, 8
    for lost in (1, 7, payload + 1, payload + tick_head - 1):      # within the last record, and within its head
        (tmp_path / "cut.tcrec").write_bytes(whole[:len(whole) - lost])
        run = subprocess.run([str(host), str(tmp_path / "cut.tcrec")], capture_output=True, text=True)
        assert run.returncode == 1, lost


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 10, 15, 16, 20])
def test_a_record_too_small_for_its_kind_is_an_error(host: Path, tmp_path: Path, kind: int) -> None:
    config = make_config(Vehicle.load("jeep-wrangler-jlur"), guidance=False).tobytes()
    good = MAGIC + struct.pack("<II", CONFIG, len(config)) + config
    (tmp_path / "small.tcrec").write_bytes(good + struct.pack("<II4x", kind, 4))
    run = subprocess.run([str(host), str(tmp_path / "small.tcrec")], capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stdout == ""


def test_the_commands_of_the_readme_run_in_a_clean_folder(tmp_path: Path) -> None:
    # given the README's block about the C library, and a folder with nothing but the data it names
    tool("bash")
    tool("cc")
    blocks = (ROOT / "README.md").read_text(encoding="utf-8").split("\n\n")
    block = next(b for b in blocks if b.startswith("    ") and "--record" in b)
    for name in ("terrain_data", "examples"):
        (tmp_path / name).symlink_to(ROOT / name)
    program = f'trailcoach() {{ {shlex.quote(sys.executable)} -m trailcoach "$@"; }}'

    # when it is pasted
    done = subprocess.run(["bash", "-e", "-c", f"{program}\n{block}"], cwd=tmp_path, capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)

    # then the host speaks
    assert done.returncode == 0, done.stderr
    assert "\nstep 1 " in done.stdout
