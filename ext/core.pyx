# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The core of trailcoach: one translation unit, two products (Python module and C library).

This file is the table of contents. Data walks through the stations from top to bottom.
"""
# the linter does not see that the files below use these
from libc.math cimport INFINITY, NAN, acos, asin, atan, atan2, cos, erfc, exp  # no-cython-lint
from libc.math cimport fabs, fabsf, floor, log  # no-cython-lint
from libc.math cimport isfinite, isnan, sin, sqrt, tan  # no-cython-lint
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t  # no-cython-lint
from libc.stdlib cimport calloc, free  # no-cython-lint
from libc.string cimport memcpy, memmove, memset  # no-cython-lint

include "header.pxi"          # what trailcoach.h declares
include "status.pxi"          # status codes in words
include "rotation.pxi"        # 3-vectors and rotations
include "terrain.pxi"         # height grid: height and gradient
include "pack.pxi"            # packed tiles in memory a host mapped
include "nearest.pxi"         # nearest known post, for the blend of two resolutions
include "roughness.pxi"       # how the posts of a coarse grid lie
include "bounds.pxi"          # planes no ground of a block is above
include "fusion_filter.pxi"   # error-state Kalman filter: states, covariance, scalar update
include "fusion_gap.pxi"      # how the body turned while the IMU was silent
include "fusion_imu.pxi"      # levelling, strapdown mechanisation
include "fusion_standstill.pxi"   # zero velocity and zero rate
include "fusion_constraint.pxi"   # rolls where it points
include "fusion_wheels.pxi"   # four wheel speeds, steering
include "fusion_speed.pxi"    # one vehicle speed
include "fusion_inclination.pxi"  # inclinometer
include "fusion_gnss.pxi"     # position, velocity, heading from motion
include "fusion.pxi"          # the filter as the engine sees it
include "fusion_smoother.pxi"     # how an earlier state hangs together with the one of now
include "clock.pxi"           # which stamps can be, and whose clock stepped
include "timeline.pxi"        # fixed-lag buffer: late samples at their time
include "stance.pxi"          # how the vehicle rests, what its underbody meets
include "reach.pxi"           # where wheels, axles and chassis can be without one,
include "assured.pxi"         # and what clearance is sure then
include "tipover.pxi"         # margins of a rest: gravity turned until it tips,
include "ramps.pxi"           # approach, breakover and departure,
include "rests.pxi"           # other rests within reach,
include "grounding.pxi"       # parts that carry,
include "traction.pxi"        # friction to hold and to drive
include "fusion_terrain.pxi"  # attitude and height on the known terrain
include "fusion_heading.pxi"  # and heading
include "window.pxi"          # the ground around the vehicle
include "lesson.pxi"          # what its wheels teach of it
include "heap.pxi"            # open and closed states of a search
include "corridor.pxi"        # the stretch of trail a line is planned along
include "motion.pxi"          # what the steering can do
include "look.pxi"            # about what clearance is to be expected
include "line_rests.pxi"      # stances by pose
include "line_state.pxi"      # what a search of lines keeps
include "line_pose.pxi"       # what it thinks of a pose,
include "line_arc.pxi"        # of an arc,
include "line_goal.pxi"       # of the way to the goal
include "line_points.pxi"     # the line it found
include "line_room.pxi"       # how far aside of it a driver may be
include "line_warm.pxi"       # the last line, tried first
include "line_search.pxi"     # lazy Hybrid A*
include "line.pxi"            # the best line over stances
include "legs.pxi"            # a line of few legs a driver can be told
include "course.pxi"          # what the present course meets
include "aside.pxi"           # what going on beside the line meets
include "load_shift.pxi"      # a part that carries
include "contact.pxi"         # contacts of the underbody felt
include "coach_state.pxi"     # what the coach remembers and sees
include "coach_time.pxi"      # time, way and the driver
include "coach_queue.pxi"     # steps that wait to be read
include "coach_step.pxi"      # a step: where, and why
include "coach_speech.pxi"    # nothing twice, nothing out of date
include "coach_ahead.pxi"     # tight places and turns ahead
include "coach_tip.pxi"       # near tipping
include "coach_wheels.pxi"    # wheels that spin, dig or hang
include "coach_knowledge.pxi"     # whether enough is known to advise
include "coach_rock.pxi"      # a tyre on the rock
include "coach_turn.pxi"      # turns of the steering wheel
include "coach_legs.pxi"      # stop and steer, a leg at a time
include "coach_line.pxi"      # where the line touches, ends, comes close, is left
include "coach_course.pxi"    # what is met if nothing is changed
include "coach_advice.pxi"    # back up, set up, clear, the end
include "coach_motion.pxi"    # rolls back, is struck
include "coach_answer.pxi"    # questions, answered from the same state
include "coach.pxi"           # from line and state to steps
include "engine.pxi"          # the stations in one handle: the C ABI
include "engine_push.pxi"     # samples in
include "engine_tick.pxi"     # through the stations
include "engine_get.pxi"      # what came of it
include "engine_ask.pxi"      # stances and lines on demand
include "line_risk.pxi"       # how likely a line touches
include "examine.pxi"         # all margins through the C ABI
include "python.pxi"          # the same entry points for Python
include "python_ground.pxi"   # grids and packs
include "python_engine.pxi"   # the engine
include "python_risk.pxi"     # risk of a line
include "python_coach.pxi"    # coach and contacts by themselves
