"""The example scripts run as they stand in the folder and print numbers."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(script: str, *words: object) -> str:
    done = subprocess.run([sys.executable, ROOT / "examples" / script, *map(str, words)], capture_output=True,
                          text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("after", [0, 10])
def test_fuse_beside_vqf_scores_what_is_known(after: int) -> None:
    lines = run("fuse_beside_vqf.py", "terrain_data/drives/comma2k19_ex1", "--after", after).splitlines()
    ours = next(line.split() for line in lines if line.startswith("trailcoach "))
    assert all(0.0 < float(v) < 3.0 for v in ours[1:])
    assert any("% of the truth" in line for line in lines)
    assert "nan" not in " ".join(lines)


def test_tight_places_lists_every_part() -> None:
    drive = "terrain_data/drives/d00"
    lines = run("tight_places.py", "jeep-wrangler-jlur", f"{drive}/terrain.tif",
                f"{drive}/driven_path.csv").splitlines()
    assert len(lines) == 2 + 13
