"""trailcoach: a digital off-road coach for 4x4 vehicles.

Conventions, kept everywhere
----------------------------
- SI units, radians, seconds; time stamps ``t_ns`` are int64 nanoseconds. Any other unit is in the name.
- World frame: the terrain's projected system, x east, y north, z up. Body frame (ISO 8855): x forward, y left, z up,
  origin below the middle of the rear axle on the ground at design ride height.
- roll > 0 right side down, pitch > 0 nose down, yaw counter-clockwise from x (east). ``R_nb`` takes body vectors to
  the navigation (world) frame; a chain of rotations reads right when inner letters match.
- Wheels are fl, fr, rl, rr. Clearance is the vertical gap from a part to the ground, negative = interference.

Stations, in the order data walks through them: log, fusion, terrain, stance, line, coach, report. Each is a module
here over a ``.pxi`` of the same name in ``ext/``.
"""
