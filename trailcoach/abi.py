"""The structs of trailcoach.h as numpy dtypes, so that arrays pass into the core as they lie in memory.

Field names, order and meaning are those of the header; a test compares every offset with the C compiler's.
"""
import numpy as np

N_WHEELS = 4
MAX_PARTS = 32
NAME_SIZE = 32
MAX_TRAIL = 8192
MAX_LINE = 1024
N_KINDS = 7
N_LOCKINGS = 8
N_SENSORS = 6

PART = np.dtype([
    ("name", f"S{NAME_SIZE}"), ("shape", "i4"), ("fixed_to", "i4"), ("centre", "f8", (3,)),
    ("size", "f8", (3,)),
], align=True)

AXLE = np.dtype([
    ("suspension", "i4"), ("differential", "i4"), ("track", "f8"), ("mass", "f8"), ("spring_rate", "f8"),
    ("spring_base", "f8"), ("anti_roll_rate", "f8"), ("bump_travel", "f8"), ("rebound_travel", "f8"),
    ("bump_stop_rates", "f8", (2,)), ("bump_stop_gap", "f8"), ("rebound_stop_rate", "f8"),
], align=True)

VEHICLE = np.dtype([
    ("struct_size", "u4"), ("n_parts", "u4"), ("wheelbase", "f8"), ("mass", "f8"), ("cg", "f8", (3,)),
    ("tyre_radius", "f8"), ("tyre_width", "f8"), ("tyre_tread", "f8"), ("tyre_mass", "f8"),
    ("tyre_stiffness", "f8"), ("max_steer", "f8"), ("max_wheel_torque", "f8"), ("centre_differential", "i4"),
    ("driver_side", "i4"), ("axle", AXLE, (2,)), ("part", PART, (MAX_PARTS,)),
    ("low_range_ratio", "f8"),
], align=True)

SURFACE_POINT = np.dtype([
    ("height", "f8"), ("dz_dx", "f8"), ("dz_dy", "f8"),
], align=True)

IMU = np.dtype([
    ("struct_size", "u4"), ("flags", "u4"), ("t_ns", "i8"), ("gyro", "f8", (3,)), ("accelerometer", "f8", (3,)),
], align=True)

WHEELS = np.dtype([
    ("struct_size", "u4"), ("flags", "u4"), ("t_ns", "i8"), ("speed", "f8", (N_WHEELS,)),
], align=True)

INCLINATION = np.dtype([
    ("struct_size", "u4"), ("flags", "u4"), ("t_ns", "i8"), ("roll", "f8"), ("pitch", "f8"),
], align=True)

STEERING = np.dtype([
    ("struct_size", "u4"), ("flags", "u4"), ("t_ns", "i8"), ("angle", "f8"),
], align=True)

SPEED = np.dtype([
    ("struct_size", "u4"), ("flags", "u4"), ("t_ns", "i8"), ("speed", "f8"),
], align=True)

GNSS = np.dtype([
    ("struct_size", "u4"), ("flags", "u4"), ("t_ns", "i8"), ("position", "f8", (3,)), ("velocity", "f8", (3,)),
    ("sd_position", "f8", (3,)), ("sd_velocity", "f8", (3,)),
], align=True)

FUSION_CONFIG = np.dtype([
    ("imu_lever", "f8", (3,)), ("gnss_lever", "f8", (3,)), ("gravity", "f8"), ("gyro_density", "f8"),
    ("accelerometer_density", "f8"), ("gyro_bias_sd", "f8"), ("accelerometer_bias_sd", "f8"),
    ("gyro_bias_walk", "f8"), ("accelerometer_bias_walk", "f8"), ("wheel_sd", "f8"), ("wheel_resolution", "f8"),
    ("wheel_dead_below", "f8"), ("wheel_scale_sd", "f8"), ("constraint_sd", "f8"), ("inclination_sd", "f8"),
    ("inclination_bias_sd", "f8"), ("inclination_lowpass_hz", "f8"), ("mounting_sd", "f8"),
    ("gnss_sd_floor", "f8"), ("gnss_delay_sd", "f8"), ("earth_rate", "f8", (3,)),
    ("wheel_scale_walk", "f8"), ("mounting_walk", "f8"), ("inclination_bias_walk", "f8"), ("gnss_delay_walk", "f8"),
    ("gnss_lag_sd", "f8"), ("gnss_lag_walk", "f8"), ("pivot_sd", "f8"), ("pivot_walk", "f8"),
    ("gyro_shake", "f8"), ("accelerometer_shake", "f8"), ("attitude_sd", "f8"), ("velocity_sd", "f8"),
    ("gnss_white", "f8"), ("gnss_drift_sd", "f8"), ("gnss_drift_tau", "f8"),
    ("speed_age_sd", "f8"), ("speed_age_walk", "f8"),
    ("rest_height_sd", "f8"), ("rest_attitude_sd", "f8"), ("gnss_datum_sd", "f8"),
    ("lag", "f8"), ("clock", "f8", (N_SENSORS,)), ("gnss_velocity_clock", "f8"), ("gnss_datum_walk", "f8"),
], align=True)

PLAN_FIRST, PLAN_WARM = 1, 2         # tc_line_config.options
LINE_CONFIG = np.dtype([
    ("max_nodes", "u4"), ("max_stances", "u4"), ("horizon", "f8"), ("half_width", "f8"),
    ("clearance_wanted", "f8"), ("clearance_least", "f8"), ("max_tilt", "f8"), ("tube", "f8"),
    ("reverse", "i4"), ("options", "i4"),
], align=True)

COACH_CONFIG = np.dtype([
    ("steering_ratio", "f8"), ("reaction_time", "f8"), ("clearance_warn", "f8"), ("deviation_warn", "f8"),
    ("tilt_warn", "f8"), ("detail", "i4"), ("units", "i4"), ("setups", "u4"), ("reserved", "u4"),
], align=True)

WINDOW_CONFIG = np.dtype([
    ("posts", "u4"), ("learn", "i4"), ("spacing", "f8"), ("offset_sd", "f8"), ("offset_walk", "f8"),
], align=True)

CONFIG = np.dtype([
    ("struct_size", "u4"), ("abi_version", "u4"), ("vehicle", VEHICLE), ("fusion", FUSION_CONFIG),
    ("line", LINE_CONFIG), ("coach", COACH_CONFIG), ("window", WINDOW_CONFIG),
], align=True)

INNOVATION = np.dtype([
    ("t_ns", "i8"), ("kind", "i4"), ("axis", "i4"), ("taken", "i4"), ("reserved", "i4"), ("innovation", "f8"),
    ("variance", "f8"), ("noise", "f8"), ("raised", "f8"),
], align=True)

STATE = np.dtype([
    ("struct_size", "u4"), ("status", "u4"), ("t_ns", "i8"), ("position", "f8", (3,)), ("velocity", "f8", (3,)),
    ("roll", "f8"), ("pitch", "f8"), ("yaw", "f8"), ("sd_position", "f8", (3,)), ("sd_velocity", "f8", (3,)),
    ("sd_attitude", "f8", (3,)), ("rate", "f8", (3,)), ("gyro_bias", "f8", (3,)),
    ("accelerometer_bias", "f8", (3,)), ("wheel_scale", "f8"), ("mounting", "f8", (2,)),
    ("slip", "f8", (N_WHEELS,)), ("distance", "f8"), ("steer", "f8"), ("used", "u4", (N_KINDS,)),
    ("gated", "u4", (N_KINDS,)), ("resets", "u4"), ("reserved", "u4"),
    ("gnss_datum", "f8"), ("sd_gnss_datum", "f8"), ("reset_position", "f8", (3,)),
    ("reset_velocity", "f8", (3,)), ("reset_yaw", "f8"), ("rewinds", "u4"), ("clock_steps", "u4"),
    ("late", "u4", (N_SENSORS,)), ("refused", "u4", (N_SENSORS,)), ("duplicated", "u4", (N_SENSORS,)),
], align=True)

STANCE = np.dtype([
    ("struct_size", "u4"), ("status", "i4"), ("x", "f8"), ("y", "f8"), ("yaw", "f8"), ("z", "f8"),
    ("roll", "f8"), ("pitch", "f8"), ("wheel_load", "f8", (N_WHEELS,)), ("travel", "f8", (N_WHEELS,)),
    ("contact", "f8", (N_WHEELS, 3)), ("tip_margin", "f8", (4,)), ("clearance", "f8", (MAX_PARTS,)),
    ("nearest", "f8", (MAX_PARTS, 3)), ("contact_probability", "f8", (MAX_PARTS,)), ("least_part", "i4"),
    ("lifted", "i4"), ("iterations", "i4"), ("quality", "i4"),
], align=True)

LINE_POINT = np.dtype([
    ("s", "f8"), ("x", "f8"), ("y", "f8"), ("yaw", "f8"), ("steer", "f8"), ("z", "f8"), ("roll", "f8"),
    ("pitch", "f8"), ("clearance", "f8"), ("tip_margin", "f8"), ("gear", "i4"), ("part", "i4"),
    ("stance_status", "i4"), ("lifted", "i4"), ("room", "f8"),
], align=True)

LINE_INFO = np.dtype([
    ("struct_size", "u4"), ("outcome", "i4"), ("length", "f8"), ("cost", "f8"), ("least_clearance", "f8"),
    ("least_s", "f8"), ("straight_clearance", "f8"), ("straight_s", "f8"), ("least_part", "i4"),
    ("straight_part", "i4"), ("nodes", "u4"), ("stances", "u4"), ("limit_x", "f8"), ("limit_y", "f8"),
    ("limit_clearance", "f8"), ("limit_tilt", "f8"), ("tube", "f8"), ("limit_cause", "i4"), ("limit_part", "i4"),
    ("exhausted", "i4"), ("first_stances", "u4"),
], align=True)

RISK = np.dtype([
    ("struct_size", "u4"), ("unknown", "i4"), ("line", "f8"), ("part", "f8", (MAX_PARTS,)),
], align=True)

STEP = np.dtype([
    ("struct_size", "u4"), ("id", "u4"), ("kind", "i4"), ("cause", "i4"), ("priority", "i4"), ("side", "i4"),
    ("part", "i4"), ("wheel", "i4"), ("phase", "i4"), ("setup", "i4"), ("t_ns", "i8"), ("valid_until_ns", "i8"),
    ("to_go", "f8"), ("x", "f8"), ("y", "f8"), ("steer", "f8"), ("turns", "f8"), ("distance", "f8"),
    ("clearance", "f8"), ("probability", "f8"), ("other_clearance", "f8"), ("angle", "f8"),
    ("other_part", "i4"), ("reserved", "i4"), ("since_ns", "i8"),
], align=True)

CONTACT = np.dtype([
    ("struct_size", "u4"), ("part", "i4"), ("t_ns", "i8"), ("t_end_ns", "i8"), ("shock", "f8"), ("threshold", "f8"),
    ("clearance", "f8"), ("probability", "f8"), ("x", "f8"), ("y", "f8"), ("felt", "i4"), ("reserved", "i4"),
    ("lift", "f8"),
], align=True)

ANSWER = np.dtype([
    ("struct_size", "u4"), ("question", "i4"), ("outcome", "i4"), ("reserved", "i4"), ("step", STEP),
], align=True)

FOOTING = np.dtype([
    ("struct_size", "u4"), ("reserved", "u4"), ("friction", "f8"), ("limited_slip_bias", "f8"),
    ("limited_slip_preload", "f8"),
], align=True)

MARGINS = np.dtype([
    ("struct_size", "u4"), ("flags", "i4"), ("tip", "f8", (4,)), ("approach", "f8"), ("breakover", "f8"),
    ("departure", "f8"), ("approach_room", "f8"), ("breakover_room", "f8"), ("departure_room", "f8"),
    ("spread_z", "f8"), ("spread_roll", "f8"), ("spread_pitch", "f8"), ("spread_clearance", "f8"),
    ("other_z", "f8"), ("other_roll", "f8"), ("other_pitch", "f8"), ("other_clearance", "f8"),
    ("part_load", "f8", (MAX_PARTS,)), ("grounded_z", "f8"), ("grounded_roll", "f8"), ("grounded_pitch", "f8"),
    ("grounded_load", "f8", (N_WHEELS,)), ("upright_friction", "f8"), ("hold_friction", "f8"),
    ("hold_wheel", "f8", (N_WHEELS,)), ("drive_friction", "f8"), ("drive_wheel", "f8", (N_WHEELS,)),
    ("drive_locked", "f8", (N_LOCKINGS,)), ("drive_torque", "f8"), ("approach_part", "i4"),
    ("breakover_part", "i4"), ("departure_part", "i4"), ("carrying_part", "i4"), ("rests", "i4"),
    ("lifted_by_part", "i4"), ("spins", "i4"), ("spins_first", "i4"), ("gear_range", "i4"), ("reserved", "i4"),
], align=True)
