"""What the benchmarks of the corpus share: how quick the machine is meanwhile, and how samples are written."""

import json
import statistics
import subprocess


def calibrate(glasshouse):
    """Milliseconds of a 512 x 512 x 512 product of ours."""
    command = [glasshouse, "bench", "matmul", "--sizes", "512", "--rounds", "1", "--device", "cpu", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["results"][0]["forward"]["ms"]


def calibrated(samples):
    disturbed = ", so other work disturbed this run" if max(samples) > 1.1 * min(samples) else ""
    return f"\nCalibration: a 512 x 512 x 512 product took {min(samples):.2f} to {max(samples):.2f} ms{disturbed}."


def spread(values):
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"
