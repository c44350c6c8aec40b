# What trailcoach.h declares, for Cython. The C compiler checks prototypes and fields against the header.
cdef extern from "trailcoach.h" nogil:
    ctypedef int32_t tc_status
    uint32_t TC_ABI_VERSION
    ctypedef struct tc_engine:
        pass
    enum: TC_WHEELS
    enum: TC_MAX_PARTS
    enum: TC_NAME_SIZE
    enum: TC_MAX_TRAIL
    enum: TC_MAX_LINE
    enum: TC_MAX_STEPS
    enum: TC_MAX_CONTACTS

    enum:
        TC_OK
        TC_NONE
        TC_DUPLICATE
        TC_E_NULL
        TC_E_ABI
        TC_E_RANGE
        TC_E_TIME
        TC_E_NOMEM
        TC_E_FULL
        TC_E_STATE
        TC_E_FORMAT

    enum:
        TC_SOLID
        TC_INDEPENDENT

    enum:
        TC_OPEN
        TC_LIMITED_SLIP
        TC_LOCKED

    enum:
        TC_BOX
        TC_SPHERE
        TC_TUBE

    enum:
        TC_CHASSIS
        TC_FRONT_AXLE
        TC_REAR_AXLE
        TC_HUB_FL
        TC_HUB_FR
        TC_HUB_RL
        TC_HUB_RR

    ctypedef struct tc_part:
        char name[TC_NAME_SIZE]
        int32_t shape
        int32_t fixed_to
        double centre[3]
        double size[3]

    ctypedef struct tc_axle:
        int32_t suspension
        int32_t differential
        double track
        double mass
        double spring_rate
        double spring_base
        double anti_roll_rate
        double bump_travel
        double rebound_travel
        double bump_stop_rates[2]
        double bump_stop_gap
        double rebound_stop_rate

    ctypedef struct tc_vehicle:
        uint32_t struct_size
        uint32_t n_parts
        double wheelbase
        double mass
        double cg[3]
        double tyre_radius
        double tyre_width
        double tyre_tread
        double tyre_mass
        double tyre_stiffness
        double max_steer
        double max_wheel_torque
        int32_t centre_differential
        int32_t driver_side
        tc_axle axle[2]
        tc_part part[TC_MAX_PARTS]
        double low_range_ratio

    ctypedef struct tc_grid:
        uint32_t struct_size
        int32_t nx
        int32_t ny
        int32_t reserved
        double x0
        double y0
        double dx
        double sigma
        const float *height
        double cell
        const float *post_sigma
        const float *highest
        const float *highest_rare
        const float *spread

    enum:
        TC_ORIGIN_NONE
        TC_ORIGIN_TERRAIN
        TC_ORIGIN_WHEELS

    ctypedef struct tc_window:
        uint32_t struct_size
        uint32_t taught_posts
        int64_t t0_ns
        tc_grid grid
        const float *taught
        const uint8_t *origin
        double offset
        double sd_offset

    ctypedef struct tc_window_config:
        uint32_t posts
        int32_t learn
        double spacing
        double offset_sd
        double offset_walk

    enum: TC_PACK_LAYERS

    ctypedef struct tc_pack:
        uint32_t struct_size
        int32_t nx
        int32_t ny
        int32_t cells
        uint32_t n_tiles
        uint32_t crs_size
        double x0
        double y0
        double dx
        double sigma
        const char *crs
        const void *bytes
        const void *index
        uint64_t size

    ctypedef struct tc_surface_point:
        double height
        double dz_dx
        double dz_dy

    enum:
        TC_SENSOR_IMU
        TC_SENSOR_WHEELS
        TC_SENSOR_INCLINATION
        TC_SENSOR_STEERING
        TC_SENSOR_SPEED
        TC_SENSOR_GNSS
    enum: TC_SENSORS

    ctypedef struct tc_imu:
        uint32_t struct_size
        uint32_t flags
        int64_t t_ns
        double gyro[3]
        double accelerometer[3]

    ctypedef struct tc_wheels:
        uint32_t struct_size
        uint32_t flags
        int64_t t_ns
        double speed[TC_WHEELS]

    ctypedef struct tc_inclination:
        uint32_t struct_size
        uint32_t flags
        int64_t t_ns
        double roll
        double pitch

    ctypedef struct tc_steering:
        uint32_t struct_size
        uint32_t flags
        int64_t t_ns
        double angle

    ctypedef struct tc_speed:
        uint32_t struct_size
        uint32_t flags
        int64_t t_ns
        double speed

    enum:
        TC_GNSS_VELOCITY

    ctypedef struct tc_gnss:
        uint32_t struct_size
        uint32_t flags
        int64_t t_ns
        double position[3]
        double velocity[3]
        double sd_position[3]
        double sd_velocity[3]

    ctypedef struct tc_fusion_config:
        double imu_lever[3]
        double gnss_lever[3]
        double gravity
        double gyro_density
        double accelerometer_density
        double gyro_bias_sd
        double accelerometer_bias_sd
        double gyro_bias_walk
        double accelerometer_bias_walk
        double wheel_sd
        double wheel_resolution
        double wheel_dead_below
        double wheel_scale_sd
        double constraint_sd
        double inclination_sd
        double inclination_bias_sd
        double inclination_lowpass_hz
        double mounting_sd
        double gnss_sd_floor
        double gnss_delay_sd
        double earth_rate[3]
        double wheel_scale_walk
        double mounting_walk
        double inclination_bias_walk
        double gnss_delay_walk
        double gnss_lag_sd
        double gnss_lag_walk
        double pivot_sd
        double pivot_walk
        double gyro_shake
        double accelerometer_shake
        double attitude_sd
        double velocity_sd
        double gnss_white
        double gnss_drift_sd
        double gnss_drift_tau
        double speed_age_sd
        double speed_age_walk
        double rest_height_sd
        double rest_attitude_sd
        double gnss_datum_sd
        double lag
        double clock[TC_SENSORS]
        double gnss_velocity_clock
        double gnss_datum_walk

    enum:
        TC_PLAN_FIRST
        TC_PLAN_WARM

    ctypedef struct tc_line_config:
        uint32_t max_nodes
        uint32_t max_stances
        double horizon
        double half_width
        double clearance_wanted
        double clearance_least
        double max_tilt
        double tube
        int32_t reverse
        int32_t options

    ctypedef struct tc_coach_config:
        double steering_ratio
        double reaction_time
        double clearance_warn
        double deviation_warn
        double tilt_warn
        int32_t detail
        int32_t units
        uint32_t setups
        uint32_t reserved

    ctypedef struct tc_config:
        uint32_t struct_size
        uint32_t abi_version
        tc_vehicle vehicle
        tc_fusion_config fusion
        tc_line_config line
        tc_coach_config coach
        tc_window_config window

    enum:
        TC_FUSION_LEVELLED
        TC_FUSION_HEADING
        TC_FUSION_POSITION
        TC_FUSION_STANDSTILL
        TC_FUSION_SLIP
        TC_FUSION_DEAD_RECKONING
        TC_FUSION_NO_WHEELS
        TC_FUSION_IMU_GAP
        TC_FUSION_IMU_FAULT
        TC_FUSION_TERRAIN
        TC_FUSION_REWOUND
        TC_FUSION_CLOCK
        TC_FUSION_INCLINATION
        TC_FUSION_GNSS

    enum:
        TC_KIND_WHEELS
        TC_KIND_CONSTRAINT
        TC_KIND_INCLINATION
        TC_KIND_GNSS
        TC_KIND_SPEED
        TC_KIND_STANDSTILL
        TC_KIND_TERRAIN
        TC_KINDS

    ctypedef struct tc_innovation:
        int64_t t_ns
        int32_t kind
        int32_t axis
        int32_t taken
        int32_t reserved
        double innovation
        double variance
        double noise
        double raised

    ctypedef struct tc_state:
        uint32_t struct_size
        uint32_t status
        int64_t t_ns
        double position[3]
        double velocity[3]
        double roll
        double pitch
        double yaw
        double sd_position[3]
        double sd_velocity[3]
        double sd_attitude[3]
        double rate[3]
        double gyro_bias[3]
        double accelerometer_bias[3]
        double wheel_scale
        double mounting[2]
        double slip[TC_WHEELS]
        double distance
        double steer
        uint32_t used[TC_KINDS]
        uint32_t gated[TC_KINDS]
        uint32_t resets
        uint32_t reserved
        double gnss_datum
        double sd_gnss_datum
        double reset_position[3]
        double reset_velocity[3]
        double reset_yaw
        uint32_t rewinds
        uint32_t clock_steps
        uint32_t late[TC_SENSORS]
        uint32_t refused[TC_SENSORS]
        uint32_t duplicated[TC_SENSORS]

    enum:
        TC_STANCE_OK
        TC_STANCE_TIPS
        TC_STANCE_NO_SUPPORT
        TC_STANCE_OFF_MAP
        TC_STANCE_UNKNOWN
        TC_STANCE_UNSOLVED
        TC_STANCE_BAD_POSE
        TC_REST_EXACT
        TC_REST_ROUGH
        TC_REST_EDGE

    ctypedef struct tc_stance:
        uint32_t struct_size
        int32_t status
        double x
        double y
        double yaw
        double z
        double roll
        double pitch
        double wheel_load[TC_WHEELS]
        double travel[TC_WHEELS]
        double contact[TC_WHEELS][3]
        double tip_margin[4]
        double clearance[TC_MAX_PARTS]
        double nearest[TC_MAX_PARTS][3]
        double contact_probability[TC_MAX_PARTS]
        int32_t least_part
        int32_t lifted
        int32_t iterations
        int32_t quality

    ctypedef struct tc_footing:
        uint32_t struct_size
        uint32_t reserved
        double friction
        double limited_slip_bias
        double limited_slip_preload

    enum:
        TC_RESTS_ELSEWHERE
        TC_UNSTEADY
        TC_NEARLY_SLIDES
        TC_WHEEL_SLIDES
        TC_SLIDES
        TC_PART_CARRIES
        TC_HIGH_CENTRED
        TC_PART_UNSOLVED
        TC_FRONT_LOCKED
        TC_CENTRE_LOCKED
        TC_REAR_LOCKED
        TC_LOCKINGS
        TC_RANGE_HIGH
        TC_RANGE_LOW
        TC_RANGE_NONE
        TC_RANGE_UNKNOWN

    ctypedef struct tc_margins:
        uint32_t struct_size
        int32_t flags
        double tip[4]
        double approach
        double breakover
        double departure
        double approach_room
        double breakover_room
        double departure_room
        double spread_z
        double spread_roll
        double spread_pitch
        double spread_clearance
        double other_z
        double other_roll
        double other_pitch
        double other_clearance
        double part_load[TC_MAX_PARTS]
        double grounded_z
        double grounded_roll
        double grounded_pitch
        double grounded_load[TC_WHEELS]
        double upright_friction
        double hold_friction
        double hold_wheel[TC_WHEELS]
        double drive_friction
        double drive_wheel[TC_WHEELS]
        double drive_locked[TC_LOCKINGS]
        double drive_torque
        int32_t approach_part
        int32_t breakover_part
        int32_t departure_part
        int32_t carrying_part
        int32_t rests
        int32_t lifted_by_part
        int32_t spins
        int32_t spins_first
        int32_t gear_range
        int32_t reserved

    enum:
        TC_LINE_CLEAR
        TC_LINE_TOUCHES
        TC_LINE_BLOCKED
        TC_LINE_BUDGET

    enum:
        TC_LIMIT_NONE
        TC_LIMIT_CLEARANCE
        TC_LIMIT_TILT
        TC_LIMIT_TIPS
        TC_LIMIT_NO_SUPPORT
        TC_LIMIT_OFF_MAP
        TC_LIMIT_UNKNOWN
        TC_LIMIT_UNSOLVED
        TC_LIMIT_TURN

    ctypedef struct tc_line_point:
        double s
        double x
        double y
        double yaw
        double steer
        double z
        double roll
        double pitch
        double clearance
        double tip_margin
        int32_t gear
        int32_t part
        int32_t stance_status
        int32_t lifted
        double room

    ctypedef struct tc_line_info:
        uint32_t struct_size
        int32_t outcome
        double length
        double cost
        double least_clearance
        double least_s
        double straight_clearance
        double straight_s
        int32_t least_part
        int32_t straight_part
        uint32_t nodes
        uint32_t stances
        double limit_x
        double limit_y
        double limit_clearance
        double limit_tilt
        double tube
        int32_t limit_cause
        int32_t limit_part
        int32_t exhausted
        uint32_t first_stances

    ctypedef struct tc_risk:
        uint32_t struct_size
        int32_t unknown
        double line
        double part[TC_MAX_PARTS]

    enum:
        TC_STEP_STEER
        TC_STEP_HOLD
        TC_STEP_FORWARD
        TC_STEP_REVERSE
        TC_STEP_STOP
        TC_STEP_SETUP
        TC_STEP_WARN
        TC_STEP_CLEAR

    enum:
        TC_CAUSE_NONE
        TC_CAUSE_CLEARANCE
        TC_CAUSE_TIP
        TC_CAUSE_WHEEL_LIFT
        TC_CAUSE_SLIP
        TC_CAUSE_OFF_LINE
        TC_CAUSE_NO_LINE
        TC_CAUSE_NO_GROUND
        TC_CAUSE_POSITION
        TC_CAUSE_CONTACT
        TC_CAUSE_END
        TC_CAUSE_ROLL_BACK
        TC_CAUSE_HIGH_CENTRED, TC_CAUSE_TIGHT_TURNS, TC_CAUSE_ON_ROCK, TC_CAUSE_CLIMB_DOWN

    enum:
        TC_PRIORITY_ADVICE
        TC_PRIORITY_CAUTION
        TC_PRIORITY_DANGER

    enum:
        TC_PHASE_PREPARE
        TC_PHASE_NOW
        TC_PHASE_CLEAR

    enum:
        TC_SETUP_LOW_RANGE
        TC_SETUP_LOCKERS
        TC_SETUP_SWAY_BAR
        TC_SETUP_TYRES
        TC_SETUP_WALK

    enum:
        TC_DETAIL_ALL
        TC_DETAIL_MATTERS
        TC_DETAIL_STOP

    enum:
        TC_FELT_SHOCK
        TC_FELT_SHIFT

    enum:
        TC_UNITS_FEET
        TC_UNITS_METRES

    enum:
        TC_ASK_REPEAT
        TC_ASK_NEXT
        TC_ASK_WHY
        TC_ASK_HOW_FAR
        TC_ASK_ANOTHER_WAY
        TC_ASK_WILL_IT_FIT

    enum:
        TC_ANSWER_UNKNOWN
        TC_ANSWER_STEP
        TC_ANSWER_NOTHING
        TC_ANSWER_PAST
        TC_ANSWER_YES
        TC_ANSWER_BARELY
        TC_ANSWER_NO

    ctypedef struct tc_step:
        uint32_t struct_size
        uint32_t id
        int32_t kind
        int32_t cause
        int32_t priority
        int32_t side
        int32_t part
        int32_t wheel
        int32_t phase
        int32_t setup
        int64_t t_ns
        int64_t valid_until_ns
        double to_go
        double x
        double y
        double steer
        double turns
        double distance
        double clearance
        double probability
        double other_clearance
        double angle
        int32_t other_part
        int32_t reserved
        int64_t since_ns

    ctypedef struct tc_contact:
        uint32_t struct_size
        int32_t part
        int64_t t_ns
        int64_t t_end_ns
        double shock
        double threshold
        double clearance
        double probability
        double x
        double y
        int32_t felt
        int32_t reserved
        double lift

    ctypedef struct tc_answer:
        uint32_t struct_size
        int32_t question
        int32_t outcome
        int32_t reserved
        tc_step step
