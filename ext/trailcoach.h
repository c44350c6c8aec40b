/* trailcoach.h - C ABI of the trailcoach core. C99, C++ safe, needs libc and libm only.
 *
 * Flow      push samples as they come -> tc_tick() -> read state, stance, line, steps. A sample may be late or out of
 *           order by tc_fusion_config.lag: the filter goes back and takes it at its time. tc_state counts these ways
 *           back; steps that were given are not taken back.
 * Units     SI and radians; times are int64 nanoseconds of one monotonic clock, and come with the samples.
 * Frames    world: x east, y north, z up, metres, in the terrain's projected system.
 *           body: x forward, y left, z up, origin below the middle of the rear axle on the ground at design
 *           ride height. roll > 0 right side down, pitch > 0 nose down, yaw counter-clockwise from x (east).
 * Order     wheels are fl, fr, rl, rr. Clearance is the vertical gap to the ground, negative = interference.
 * Memory    only tc_create() and tc_destroy() touch the heap. Terrain heights stay the host's and must live
 *           until replaced or until tc_destroy().
 * Threads   one engine = one thread at a time; engines do not know of each other.
 * Errors    every call returns a tc_status; outputs are written only with TC_OK.
 */
#ifndef TRAILCOACH_H
#define TRAILCOACH_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#  define TC_API __declspec(dllexport)
#else
#  define TC_API __attribute__((visibility("default")))
#endif

#define TC_VERSION_MAJOR 0
#define TC_VERSION_MINOR 1
#define TC_VERSION_PATCH 0
#define TC_ABI_VERSION   1u     /* = SONAME, raised on every incompatible change */

#define TC_WHEELS      4
#define TC_MAX_PARTS   32
#define TC_NAME_SIZE   32       /* bytes with the closing zero */
#define TC_MAX_TRAIL   8192     /* points of a trail */
#define TC_MAX_LINE    1024     /* points of a planned line */
#define TC_MAX_STEPS   64       /* steps waiting to be read */
#define TC_MAX_CONTACTS 64      /* contacts waiting to be read */

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t tc_status;
enum {
    TC_OK = 0,
    TC_NONE = 1,                /* nothing to read, now */
    TC_DUPLICATE = 2,           /* a sample of this sensor and time has come before: dropped, and counted */
    TC_E_NULL = -1,             /* a null pointer */
    TC_E_ABI = -2,              /* struct_size or abi_version of another header */
    TC_E_RANGE = -3,            /* a value is not finite or outside what is allowed */
    TC_E_TIME = -4,             /* a time stamp is too old, or jumped; a sample is then left out, and counted */
    TC_E_NOMEM = -5,
    TC_E_FULL = -6,             /* more than the memory given at creation holds */
    TC_E_STATE = -7,            /* called before what it needs: no terrain, no start pose, no planner */
    TC_E_FORMAT = -8            /* bytes that are no pack, or a damaged one */
};

typedef struct tc_engine tc_engine;

/* ---- vehicle ------------------------------------------------------------------------------------------- */

enum { TC_SOLID = 0, TC_INDEPENDENT = 1 };
enum { TC_OPEN = 0, TC_LIMITED_SLIP = 1, TC_LOCKED = 2 };
enum { TC_BOX = 0, TC_SPHERE = 1, TC_TUBE = 2 };
enum { TC_CHASSIS = 0, TC_FRONT_AXLE = 1, TC_REAR_AXLE = 2, TC_HUB_FL = 3, TC_HUB_FR = 4, TC_HUB_RL = 5, TC_HUB_RR = 6 };

typedef struct tc_part {
    char    name[TC_NAME_SIZE];
    int32_t shape;              /* TC_BOX, TC_SPHERE, TC_TUBE (along y) */
    int32_t fixed_to;           /* TC_CHASSIS ... TC_HUB_RR */
    double  centre[3];          /* body frame at design ride height, m */
    double  size[3];            /* box: half sides; sphere: radius; tube: radius, half length, m */
} tc_part;

typedef struct tc_axle {
    int32_t suspension;         /* TC_SOLID, TC_INDEPENDENT */
    int32_t differential;       /* TC_OPEN, TC_LIMITED_SLIP, TC_LOCKED */
    double  track;              /* m */
    double  mass;               /* both sides, without wheels, kg */
    double  spring_rate;        /* per side, at the spring (solid) or the wheel (independent), N/m */
    double  spring_base;        /* left to right spring, solid only, m */
    double  anti_roll_rate;     /* solid: N m/rad of axle roll; independent: N per m of travel difference */
    double  bump_travel;        /* at the spring, from design height to the first bump stop, m */
    double  rebound_travel;     /* m */
    double  bump_stop_rates[2]; /* the second is added bump_stop_gap later, N/m */
    double  bump_stop_gap;      /* m */
    double  rebound_stop_rate;  /* N/m */
} tc_axle;

typedef struct tc_vehicle {
    uint32_t struct_size;
    uint32_t n_parts;
    double   wheelbase;         /* m */
    double   mass;              /* as driven, kg */
    double   cg[3];             /* centre of gravity, body frame, m */
    double   tyre_radius;       /* unloaded, m */
    double   tyre_width;        /* section, m */
    double   tyre_tread;        /* width of the tread, m */
    double   tyre_mass;         /* with rim and brake disc, kg */
    double   tyre_stiffness;    /* radial, N/m */
    double   max_steer;         /* road wheel, bicycle model, rad */
    double   max_wheel_torque;  /* all wheels together in low range, N m */
    int32_t  centre_differential;
    int32_t  driver_side;       /* 1 left, -1 right */
    tc_axle  axle[2];           /* front, rear */
    tc_part  part[TC_MAX_PARTS];
    double   low_range_ratio;   /* of the transfer case, low over high; 1 = has no low range, 0 = not known */
} tc_vehicle;

/* ---- terrain ------------------------------------------------------------------------------------------- */

typedef struct tc_grid {
    uint32_t struct_size;
    int32_t  nx, ny;            /* posts west to east, south to north, at least 2 each */
    int32_t  reserved;
    double   x0, y0;            /* world position of the south-west post, m */
    double   dx;                /* distance of posts, m */
    double   sigma;             /* standard deviation of a height, m */
    const float *height;        /* height[iy * nx + ix], m; NaN = unknown; the host's memory */
    /* what is known beside the heights, laid out like them; NULL = not told */
    double   cell;              /* side of the square a post stands for in the next four, m; 0 = dx */
    const float *post_sigma;    /* standard deviation of each height, m; instead of sigma */
    const float *highest;       /* how high the highest point hidden in a square is over the surface: in half, */
    const float *highest_rare;  /* and in one of a hundred such squares, m; */
    const float *spread;        /* and the rms of what is hidden, m. All three or none */
} tc_grid;

enum { TC_ORIGIN_NONE = 0, TC_ORIGIN_TERRAIN = 1, TC_ORIGIN_WHEELS = 2 };   /* where a height of the window is from */

typedef struct tc_window {      /* the ground around the vehicle as the engine knows it */
    uint32_t struct_size;
    uint32_t taught_posts;      /* how often wheels taught a post, all in all */
    int64_t  t0_ns;
    tc_grid  grid;              /* its memory is the engine's and changes with the next tick */
    const float   *taught;      /* when wheels last taught a post, s after t0_ns; NaN = never */
    const uint8_t *origin;      /* TC_ORIGIN_ */
    double   offset;            /* height of the vehicle's positions over the terrain's heights, m */
    double   sd_offset;         /* m; as large as offset_sd where nothing is known of it */
} tc_window;

typedef struct tc_surface_point {
    double height, dz_dx, dz_dy;    /* NaN where off the map or unknown */
} tc_surface_point;

TC_API tc_status tc_surface(const tc_grid *grid, const double *xy, size_t n, tc_surface_point *out);
/* The heights alone; NaN where off the map or unknown. */
TC_API tc_status tc_heights(const tc_grid *grid, const double *xy, size_t n, double *out);

/* What a coarse grid hides, for a host that hands over raw tiles (packs know it): fills and sets highest, highest_rare
 * and spread. `layers` is memory of the host for three floats a post, `room` is work memory of tc_hidden_room() bytes,
 * a multiple of 8 in memory, free again afterwards. Some 1 us a post: a window of 130 x 130 posts once in 40 m of way, in
 * a thread of the host's. The 16 posts about a post have a say: a window cut wider by as much is told as the whole is.
 * Posts nearer than 0.1 m hide nothing a tyre or a part would not meet: leave them as they are. */
TC_API size_t tc_hidden_room(void);
TC_API tc_status tc_tell_hidden(tc_grid *grid, float *layers, void *room, size_t room_size);

/* A terrain too large for one grid: `trailcoach terrain pack` writes it into one file, which a host maps into memory.
 * The file's format is told in ext/pack.pxi. A pack borrows the bytes; it may be copied and used by several threads. */

enum { TC_PACK_LAYERS = 5 };    /* heights, post_sigma, highest, highest_rare, spread: the order in memory of the host */

typedef struct tc_pack {
    uint32_t struct_size;
    int32_t  nx, ny;            /* posts of the whole lattice, west to east, south to north */
    int32_t  cells;             /* along a side of a tile; it has one post more, shared with its neighbour */
    uint32_t n_tiles;
    uint32_t crs_size;          /* bytes of crs; 0 = local metres */
    double   x0, y0, dx;        /* world position of the south-west post, distance of posts, m */
    double   sigma;             /* the largest standard deviation of a height, m */
    const char *crs;            /* code or WKT of the world's system, UTF-8 without a closing zero */
    const void *bytes;          /* what the host mapped, */
    const void *index;          /* and the index in it */
    uint64_t size;
} tc_pack;

/* Check head and index and fill *out, whose struct_size is set. bytes must be a multiple of 8. */
TC_API tc_status tc_pack_open(const void *bytes, size_t size, tc_pack *out);
/* Check all heights; reads the whole file. The calls below check the tiles they read. */
TC_API tc_status tc_pack_verify(const tc_pack *pack);
/* The tile about a place as a grid whose arrays lie in the pack. TC_NONE = nothing is known there. */
TC_API tc_status tc_pack_tile(const tc_pack *pack, double x, double y, tc_grid *out);
/* The heights half_size m to each side of a place as a grid of `heights`, memory of the host for `capacity` floats;
 * what is off the lattice is left out, a place off it gets the two nearest posts. */
TC_API tc_status tc_pack_window(const tc_pack *pack, double x, double y, double half_size, float *heights,
                                size_t capacity, tc_grid *out);
/* The same with all the pack knows beside the heights (NULL where it knows none): `room` holds TC_PACK_LAYERS floats a
 * post, capacity floats in all. This is what an engine should be given. */
TC_API tc_status tc_pack_ground(const tc_pack *pack, double x, double y, double half_size, float *room, size_t capacity,
                                tc_grid *out);
/* Posts i ... i + ni - 1, j ... j + nj - 1 of the lattice in the same way. */
TC_API tc_status tc_pack_cut(const tc_pack *pack, int32_t i, int32_t j, int32_t ni, int32_t nj, float *room,
                             size_t capacity, tc_grid *out);
/* Their heights alone into out[nj][ni], and the largest sigma of their tiles. */
TC_API tc_status tc_pack_posts(const tc_pack *pack, int32_t i, int32_t j, int32_t ni, int32_t nj, float *out,
                               double *sigma);

/* ---- samples ------------------------------------------------------------------------------------------- */

enum { TC_SENSOR_IMU = 0, TC_SENSOR_WHEELS = 1, TC_SENSOR_INCLINATION = 2, TC_SENSOR_STEERING = 3, TC_SENSOR_SPEED = 4,
       TC_SENSOR_GNSS = 5, TC_SENSORS = 6 };

typedef struct tc_imu {
    uint32_t struct_size, flags;
    int64_t  t_ns;
    double   gyro[3];           /* body axes, rad/s */
    double   accelerometer[3];  /* specific force, body axes, m/s^2 */
} tc_imu;

typedef struct tc_wheels {
    uint32_t struct_size, flags;
    int64_t  t_ns;
    double   speed[TC_WHEELS];  /* at the tread of the unloaded tyre, m/s; NaN = this wheel has no reading */
} tc_wheels;

typedef struct tc_inclination {
    uint32_t struct_size, flags;
    int64_t  t_ns;
    double   roll, pitch;       /* tilt of the low-passed specific force, rad */
} tc_inclination;

typedef struct tc_steering {
    uint32_t struct_size, flags;
    int64_t  t_ns;
    double   angle;             /* road wheel, bicycle model, left positive, rad */
} tc_steering;

typedef struct tc_speed {
    uint32_t struct_size, flags;
    int64_t  t_ns;
    double   speed;             /* of the vehicle, m/s */
} tc_speed;

enum { TC_GNSS_VELOCITY = 1 };  /* flags of tc_gnss: velocity and its sd are valid */

typedef struct tc_gnss {
    uint32_t struct_size, flags;
    int64_t  t_ns;
    double   position[3];       /* of the antenna, world, m */
    double   velocity[3];       /* m/s */
    double   sd_position[3];    /* m */
    double   sd_velocity[3];    /* m/s */
} tc_gnss;

/* ---- configuration ------------------------------------------------------------------------------------- */

typedef struct tc_fusion_config {
    double imu_lever[3];                /* IMU in body frame, m */
    double gnss_lever[3];               /* antenna in body frame, m */
    double gravity;                     /* m/s^2 */
    double gyro_density;                /* rad/s/sqrt(Hz) */
    double accelerometer_density;       /* m/s^2/sqrt(Hz) */
    double gyro_bias_sd;                /* prior of the constant bias, rad/s */
    double accelerometer_bias_sd;       /* m/s^2 */
    double gyro_bias_walk;              /* rad/s/sqrt(s) */
    double accelerometer_bias_walk;     /* m/s^2/sqrt(s) */
    double wheel_sd;                    /* of one wheel's speed against the hub's on rough ground, m/s */
    double wheel_resolution;            /* of the sensor, m/s */
    double wheel_dead_below;            /* the sensor reads 0 below this speed, m/s */
    double wheel_scale_sd;              /* prior of the wheel-speed scale, 1 */
    double constraint_sd;               /* lateral and vertical speed of the no-slip point, m/s */
    double inclination_sd;              /* rad */
    double inclination_bias_sd;         /* rad */
    double inclination_lowpass_hz;      /* corner of the inclinometer's own two-stage low-pass; 0 = none */
    double mounting_sd;                 /* prior of the IMU's mounting pitch and yaw, rad; 0 = known */
    double gnss_sd_floor;               /* least standard deviation believed of a fix, m */
    double gnss_delay_sd;               /* prior of the age of a fix against its stamp, s */
    double earth_rate[3];               /* turn of the Earth in the world frame, rad/s; 0 = not seen by this IMU */
    double wheel_scale_walk;            /* 1/sqrt(s) */
    double mounting_walk;               /* rad/sqrt(s) */
    double inclination_bias_walk;       /* rad/sqrt(s) */
    double gnss_delay_walk;             /* s/sqrt(s) */
    double gnss_lag_sd;                 /* prior of what the velocity of a fix lags behind its position, s; 0 = nothing */
    double gnss_lag_walk;               /* s/sqrt(s) */
    double pivot_sd;                    /* prior of the no-side-speed point, ahead of the rear axle, m; 0 = at the axle */
    double pivot_walk;                  /* m/sqrt(s) */
    double gyro_shake;                  /* share of vibration between samples that adds to the drift of attitude, 1 */
    double accelerometer_shake;         /* and of velocity, 1 */
    double attitude_sd;                 /* prior of roll and pitch after levelling, rad */
    double velocity_sd;                 /* prior of velocity after levelling, where a speed is known, m/s */
    double gnss_white;                  /* white part of a fix's error / its stated deviation, 1 */
    double gnss_drift_sd;               /* slowly varying part of it / the same, 1 */
    double gnss_drift_tau;              /* correlation time of that part, s */
    double speed_age_sd;                /* prior of the age of a vehicle speed against its stamp, s */
    double speed_age_walk;              /* s/sqrt(s) */
    double rest_height_sd;              /* of the stance's height on the known terrain, m; 0 = no terrain aiding */
    double rest_attitude_sd;            /* of its roll and pitch, rad */
    double gnss_datum_sd;               /* prior of the fixes' height above the terrain's, m; 0 = the same datum */
    double lag;                         /* a sample may be late or out of order by so much, 0 to 10 s; 0 = each sensor in
                                           its own order, no way back */
    double clock[TC_SENSORS];           /* added to the stamps of each sensor to make them the IMU's, s; [0] is 0 */
    double gnss_velocity_clock;         /* added to a fix's stamp to make it that of its velocity, s */
    double gnss_datum_walk;             /* m/sqrt(s) */
} tc_fusion_config;

enum {                          /* tc_line_config.options, added up */
    TC_PLAN_FIRST = 1,          /* the first usable line will do: no room for error, no better one, no way back is
                                   searched for, and that there is no clear one is not shown */
    TC_PLAN_WARM = 2            /* tc_plan tries the line planned last first, as plans of the tick always do */
};
typedef struct tc_line_config {
    uint32_t max_nodes;                 /* memory of the search; 0 = an engine without planner and guidance */
    uint32_t max_stances;               /* budget of one plan; reached = the plan says so */
    double   horizon;                   /* how far ahead a line is planned, m */
    double   half_width;                /* of the corridor about the trail, m */
    double   clearance_wanted;          /* no reward for more, m */
    double   clearance_least;           /* below this a line counts as touching, m */
    double   max_tilt;                  /* of the chassis, rad */
    double   tube;                      /* lateral error of the driver that a line shall stand, where one does, m */
    int32_t  reverse;                   /* 1 = a line may change gear where no clear one leads forward */
    int32_t  options;                   /* TC_PLAN_ */
} tc_line_config;

enum {                          /* tc_coach_config.detail; that nothing is known any more is said in all of them */
    TC_DETAIL_ALL = 0,
    TC_DETAIL_MATTERS = 1,      /* what keeps the vehicle from touching, hanging or tipping, when it is to be done */
    TC_DETAIL_STOP = 2          /* only stop */
};
enum { TC_UNITS_FEET = 0, TC_UNITS_METRES = 1 };    /* tc_coach_config.units */
enum {                          /* bits of tc_coach_config.setups, and of tc_step.setup of TC_STEP_SETUP */
    TC_SETUP_LOW_RANGE = 1, TC_SETUP_LOCKERS = 2, TC_SETUP_SWAY_BAR = 4, TC_SETUP_TYRES = 8,
    TC_SETUP_WALK = 16          /* get out and walk it first */
};

typedef struct tc_coach_config {
    double steering_ratio;              /* steering wheel angle / road wheel angle */
    double reaction_time;               /* of the driver, s */
    double clearance_warn;              /* say something below this, m */
    double deviation_warn;              /* off the line by this, m */
    double tilt_warn;                   /* least tip margin without a warning, rad */
    int32_t detail;                     /* TC_DETAIL_: how much is said */
    int32_t units;                      /* TC_UNITS_ of the language it is said in: how finely ways are rounded */
    uint32_t setups;                    /* TC_SETUP_ bits: what this vehicle can be set to */
    uint32_t reserved;
} tc_coach_config;

typedef struct tc_window_config {
    uint32_t posts;                     /* along a side of the window, even; 0 = none: the terrain is read in place */
    int32_t  learn;                     /* wheels teach the ground: 1 or 0 */
    double   spacing;                   /* of its posts, m; a terrain as fine and without post_sigma is read in place */
    double   offset_sd;                 /* prior of the vehicle's height against the terrain's, m */
    double   offset_walk;               /* how that wanders, m/sqrt(m) */
} tc_window_config;

typedef struct tc_config {
    uint32_t struct_size;
    uint32_t abi_version;
    tc_vehicle       vehicle;
    tc_fusion_config fusion;
    tc_line_config   line;
    tc_coach_config  coach;
    tc_window_config window;
} tc_config;

/* ---- results ------------------------------------------------------------------------------------------- */

enum {                          /* bits of tc_state.status */
    TC_FUSION_LEVELLED = 1,     /* roll and pitch are known */
    TC_FUSION_HEADING = 2,      /* yaw is known */
    TC_FUSION_POSITION = 4,     /* position is known in the world, not only relative to the start */
    TC_FUSION_STANDSTILL = 8,
    TC_FUSION_SLIP = 16,        /* at least one wheel is taken out */
    TC_FUSION_DEAD_RECKONING = 32,  /* no absolute position for 1 s */
    TC_FUSION_NO_WHEELS = 64,   /* no believable wheel speed for 0.5 s */
    TC_FUSION_IMU_GAP = 128,    /* a gap longer than 0.1 s: bridged, or after 1 s levelled anew */
    TC_FUSION_IMU_FAULT = 256,  /* an implausible IMU sample was replaced by the last one */
    TC_FUSION_REWOUND = 512,    /* a late sample changed what was said in the last second */
    TC_FUSION_CLOCK = 1024,     /* a sensor's clock stepped in the last 5 s: its stamps are carried on */
    TC_FUSION_INCLINATION = 2048,   /* the inclinometer has been refused for 1 s, or is stuck */
    TC_FUSION_GNSS = 4096,      /* the last fix was refused, or fixes walk away from the motion */
    TC_FUSION_TERRAIN = 8192    /* the ground does not fit the map: terrain aiding is off for a while */
};

enum { TC_KIND_WHEELS = 0, TC_KIND_CONSTRAINT = 1, TC_KIND_INCLINATION = 2, TC_KIND_GNSS = 3, TC_KIND_SPEED = 4,
       TC_KIND_STANDSTILL = 5, TC_KIND_TERRAIN = 6, TC_KINDS = 7 };

/* One value measured less the value the filter expected. */
typedef struct tc_innovation {
    int64_t  t_ns;              /* of the filter's state */
    int32_t  kind;              /* TC_KIND_ */
    int32_t  axis;              /* which of the sensor's values: wheel fl fr rl rr; x y z and vx vy vz of a fix; roll, pitch;
                                   side and vertical speed of the constraint; at standstill velocity, then rate; height,
                                   roll, pitch on the terrain, then two rates of tilt while wheels spin */
    int32_t  taken;             /* 0 = refused by the chi-square gate */
    int32_t  reserved;
    double   innovation;        /* in the unit of the measurement */
    double   variance;          /* expected of it: of the state and of the measurement */
    double   noise;             /* the measurement's part of that */
    double   raised;            /* by this factor where the measurement's errors last, so that the next ones share them */
} tc_innovation;

typedef struct tc_state {
    uint32_t struct_size;
    uint32_t status;            /* TC_FUSION_ bits */
    int64_t  t_ns;
    double   position[3];       /* of the body origin, world, m */
    double   velocity[3];       /* of the body origin, world, m/s */
    double   roll, pitch, yaw;  /* rad */
    double   sd_position[3];    /* m */
    double   sd_velocity[3];    /* m/s */
    double   sd_attitude[3];    /* roll, pitch, yaw, rad */
    double   rate[3];           /* body angular rate without bias, rad/s */
    double   gyro_bias[3];      /* rad/s */
    double   accelerometer_bias[3];     /* m/s^2 */
    double   wheel_scale;       /* reading / true, 1 */
    double   mounting[2];       /* estimated pitch and yaw of the IMU against the body, rad */
    double   slip[TC_WHEELS];   /* (wheel - ground) / larger of both, 0.1 m/s at least; NaN = unknown */
    double   distance;          /* travelled, m */
    double   steer;             /* last road-wheel angle, rad; NaN = unknown */
    uint32_t used[TC_KINDS];    /* updates taken, by kind */
    uint32_t gated[TC_KINDS];   /* updates refused by the chi-square gate, by kind */
    uint32_t resets;            /* ways back taken after many refusals */
    uint32_t reserved;
    double   gnss_datum;        /* height of the fixes above the terrain's, m */
    double   sd_gnss_datum;     /* m; 0 = not estimated */
    double   reset_position[3]; /* what the last of them moved: m, */
    double   reset_velocity[3]; /* m/s, */
    double   reset_yaw;         /* and rad */
    uint32_t rewinds;           /* times that a late sample took the filter back */
    uint32_t clock_steps;       /* of all sensors' clocks */
    uint32_t late[TC_SENSORS];          /* samples by sensor: taken, though a way back was needed, */
    uint32_t refused[TC_SENSORS];       /* left out for their stamp: older than the lag, or a jump nothing confirmed, */
    uint32_t duplicated[TC_SENSORS];    /* left out as duplicates */
} tc_state;

enum {                          /* tc_stance.status */
    TC_STANCE_OK = 0,
    TC_STANCE_TIPS = 1,         /* no rest: it would roll over */
    TC_STANCE_NO_SUPPORT = 2,   /* fewer than three wheels can carry it */
    TC_STANCE_OFF_MAP = 3,      /* a wheel or a part is off the map */
    TC_STANCE_UNKNOWN = 4,      /* the ground under a wheel is unknown */
    TC_STANCE_UNSOLVED = 5,     /* the iteration ended without rest */
    TC_STANCE_BAD_POSE = 6      /* the pose is not finite */
};

enum {                          /* tc_stance.quality: what is left out of balance at rest */
    TC_REST_EXACT = 0,          /* less than 20 N */
    TC_REST_ROUGH = 1,          /* less than 80 N: the ground's steps allow no better */
    TC_REST_EDGE = 2            /* less than 500 N: a tyre stands on an edge from which its contact jumps */
};

typedef struct tc_stance {
    uint32_t struct_size;
    int32_t  status;            /* TC_STANCE_ */
    double   x, y, yaw;         /* the pose asked for */
    double   z, roll, pitch;    /* body origin and attitude at rest */
    double   wheel_load[TC_WHEELS];     /* vertical, N */
    double   travel[TC_WHEELS];         /* suspension at the wheel, positive = compressed, m */
    double   contact[TC_WHEELS][3];     /* where each tyre stands or hangs, world, m */
    double   tip_margin[4];     /* left, right, front, rear: gravity may turn by this before it tips, rad */
    double   clearance[TC_MAX_PARTS];   /* m; NaN = ground below the part unknown */
    double   nearest[TC_MAX_PARTS][3];  /* the ground point of least clearance, world, m */
    double   contact_probability[TC_MAX_PARTS];
    int32_t  least_part;        /* index of the part with least clearance, -1 = none */
    int32_t  lifted;            /* bit i: wheel i carries nothing */
    int32_t  iterations;
    int32_t  quality;           /* TC_REST_, of a stance that is TC_STANCE_OK */
} tc_stance;

typedef struct tc_footing {
    uint32_t struct_size, reserved;
    double   friction;          /* of the tyres on this ground, 0.05 to 2 */
    double   limited_slip_bias; /* most torque on one side of a limited slip differential over the other's, 1 to 10 */
    double   limited_slip_preload;      /* N m of difference it holds besides, 0 to 5000 */
} tc_footing;

enum {                          /* bits of tc_margins.flags */
    TC_RESTS_ELSEWHERE = 1,          /* from a start that is pushed it comes to rest elsewhere, at the same place */
    TC_UNSTEADY = 2,            /* from a start that is pushed it does not come to rest at all */
    TC_NEARLY_SLIDES = 4,       /* it takes more than 0.8 of the friction to hold it */
    TC_WHEEL_SLIDES = 8,        /* a wheel stands on a face steeper than the friction holds; the others must hold it */
    TC_SLIDES = 16,             /* no forces within the friction hold it: brakes or not, it will not stay there */
    TC_PART_CARRIES = 32,       /* a part takes more than 1 % of the weight */
    TC_HIGH_CENTRED = 64,       /* and thereby lifts a wheel, or takes more than a third */
    TC_PART_UNSOLVED = 128      /* a part would carry, but no rest on it was found: the grounded_ values are NaN */
};
enum { TC_FRONT_LOCKED = 1, TC_CENTRE_LOCKED = 2, TC_REAR_LOCKED = 4, TC_LOCKINGS = 8 };  /* index of drive_locked */
enum { TC_RANGE_HIGH = 0, TC_RANGE_LOW = 1, TC_RANGE_NONE = 2, TC_RANGE_UNKNOWN = 3 };     /* tc_margins.gear_range */

typedef struct tc_margins {     /* of a tc_stance that is TC_STANCE_OK; else, and where not known, NaN, 0 and -1 */
    uint32_t struct_size;
    int32_t  flags;
    double   tip[4];            /* as tc_stance.tip_margin, with suspension and tyres that give way as gravity turns, rad */
    double   approach, breakover, departure;            /* of the vehicle as its axles stand now, rad; NaN = no limit */
    double   approach_room, breakover_room, departure_room;     /* left of it over the ground there now, rad */
    double   spread_z, spread_roll, spread_pitch;       /* farthest rest from a start pushed or put aside a little, m, rad */
    double   spread_clearance;  /* of the least clearance, m */
    double   other_z, other_roll, other_pitch;          /* the rest farthest from this one, of those at this place */
    double   other_clearance;   /* its least clearance, m */
    double   part_load[TC_MAX_PARTS];   /* vertical, N, where parts carry instead of passing through the ground */
    double   grounded_z, grounded_roll, grounded_pitch; /* how it rests then */
    double   grounded_load[TC_WHEELS];  /* N */
    double   upright_friction;  /* needed where every wheel is pressed straight down */
    double   hold_friction;     /* least that can hold it with all wheels braked */
    double   hold_wheel[TC_WHEELS];     /* of each wheel then; NaN = carries nothing */
    double   drive_friction;    /* least that lets it stand or creep on its engine with the differentials it has; inf = none */
    double   drive_wheel[TC_WHEELS];
    double   drive_locked[TC_LOCKINGS]; /* the same with just these differentials locked, the others open or limited slip */
    double   drive_torque;      /* at all wheels together, forward positive, N m */
    int32_t  approach_part, breakover_part, departure_part;
    int32_t  carrying_part;     /* with the largest part_load, -1 = none */
    int32_t  rests;             /* different ones found at this place, this one included */
    int32_t  lifted_by_part;    /* bit i: wheel i carries something, but nothing once the parts carry */
    int32_t  spins;             /* bit i: wheel i is among the first to spin under power */
    int32_t  spins_first;       /* that of them with the least load, -1 = no drive needed */
    int32_t  gear_range;        /* TC_RANGE_ that has drive_torque, of tc_vehicle.max_wheel_torque */
    int32_t  reserved;
} tc_margins;

enum {                          /* tc_line_info.outcome */
    TC_LINE_CLEAR = 0,          /* reaches the goal, nothing touches */
    TC_LINE_TOUCHES = 1,        /* reaches the goal, but no line was found where nothing touches */
    TC_LINE_BLOCKED = 2,        /* no line reaches the goal; the points lead to the farthest place reached */
    TC_LINE_BUDGET = 3          /* the budget ended the search; the points are the best so far */
};

enum {                          /* tc_line_info.limit_cause: what keeps a line from being clear */
    TC_LIMIT_NONE = 0,
    TC_LIMIT_CLEARANCE = 1,     /* a part touches */
    TC_LIMIT_TILT = 2,          /* steeper than max_tilt */
    TC_LIMIT_TIPS = 3,          /* it would roll over */
    TC_LIMIT_NO_SUPPORT = 4,    /* fewer than three wheels can carry it */
    TC_LIMIT_OFF_MAP = 5,
    TC_LIMIT_UNKNOWN = 6,       /* unknown ground under a wheel or a part */
    TC_LIMIT_UNSOLVED = 7,      /* the stance there has no solution */
    TC_LIMIT_TURN = 8           /* no arc stays in the corridor, or meets the goal */
};

typedef struct tc_line_point {
    double   s;                 /* along the line, m */
    double   x, y, yaw;
    double   steer;             /* road wheel, bicycle model, rad */
    double   z, roll, pitch;
    double   clearance;         /* least of all parts, m */
    double   tip_margin;        /* least of all sides, rad */
    int32_t  gear;              /* 1 forward, -1 reverse, of the way on from here */
    int32_t  part;              /* with the least clearance */
    int32_t  stance_status;
    int32_t  lifted;
    double   room;              /* the driver may be so far aside here, left or right, and nothing touches, m, of what was
                                   asked: tc_line_config.tube and 0.7 and 0.5 of it; 0 = not even that, NaN = not asked */
} tc_line_point;

typedef struct tc_line_info {
    uint32_t struct_size;
    int32_t  outcome;           /* TC_LINE_ */
    double   length;            /* m */
    double   cost;
    double   least_clearance;   /* m */
    double   least_s;           /* where, m along the line */
    double   straight_clearance;/* least clearance of the unsteered way along the trail, m */
    double   straight_s;        /* where on that way, m */
    int32_t  least_part, straight_part;
    uint32_t nodes, stances;    /* spent */
    double   limit_x, limit_y;  /* where the limit is, world, m; NaN = none */
    double   limit_clearance;   /* there, m; NaN = no rest there */
    double   limit_tilt;        /* there, rad */
    double   tube;              /* lateral error at which all of it was found to stay clear, m; 0 = none */
    int32_t  limit_cause;       /* TC_LIMIT_ */
    int32_t  limit_part;        /* with the clearance there, -1 none */
    int32_t  exhausted;         /* 1 = no clear line leads forward, on a lattice of 10 cm and 2.5 deg */
    uint32_t first_stances;     /* spent when the first clear line was at hand; 0 = there was none */
} tc_line_info;

typedef struct tc_risk {            /* that something touches anywhere on a line, 0 to 1 */
    uint32_t struct_size;
    int32_t  unknown;           /* places where within the wander the ground, or a rest, is not known */
    double   line;              /* any part */
    double   part[TC_MAX_PARTS];
} tc_risk;

enum {                          /* tc_step.kind */
    TC_STEP_STEER = 1, TC_STEP_HOLD = 2, TC_STEP_FORWARD = 3, TC_STEP_REVERSE = 4, TC_STEP_STOP = 5, TC_STEP_SETUP = 6,
    TC_STEP_WARN = 7, TC_STEP_CLEAR = 8
};
enum {                          /* tc_step.cause */
    TC_CAUSE_NONE = 0, TC_CAUSE_CLEARANCE = 1, TC_CAUSE_TIP = 2, TC_CAUSE_WHEEL_LIFT = 3, TC_CAUSE_SLIP = 4,
    TC_CAUSE_OFF_LINE = 5, TC_CAUSE_NO_LINE = 6, TC_CAUSE_NO_GROUND = 7, TC_CAUSE_POSITION = 8, TC_CAUSE_CONTACT = 9,
    TC_CAUSE_END = 10, TC_CAUSE_ROLL_BACK = 11, TC_CAUSE_HIGH_CENTRED = 12,
    TC_CAUSE_TIGHT_TURNS = 13,  /* turns follow faster than they can be told: stop, turn, come as far as is said, stop */
    TC_CAUSE_ON_ROCK = 14,      /* the turn leads the front tyre `wheel` onto a rock */
    TC_CAUSE_CLIMB_DOWN = 15    /* the front tyre `wheel` comes down from the rock it was led onto */
};
enum { TC_PRIORITY_ADVICE = 1, TC_PRIORITY_CAUTION = 2, TC_PRIORITY_DANGER = 3 };
enum { TC_PHASE_PREPARE = 1, TC_PHASE_NOW = 2, TC_PHASE_CLEAR = 3 };  /* which of its utterances a step asks for */

typedef struct tc_step {
    uint32_t struct_size;
    uint32_t id;                /* counts up from 1 in an engine */
    int32_t  kind;              /* TC_STEP_ */
    int32_t  cause;             /* TC_CAUSE_ */
    int32_t  priority;          /* TC_PRIORITY_ */
    int32_t  side;              /* of the vehicle the action or cause is on: 1 left, -1 right, 0 neither */
    int32_t  part;              /* index of the part `clearance` is of, or the step is about; -1 none */
    int32_t  wheel;             /* index of the wheel, -1 none */
    int32_t  phase;             /* TC_PHASE_ */
    int32_t  setup;             /* TC_SETUP_ bits, of TC_STEP_SETUP */
    int64_t  t_ns;              /* when it was given */
    int64_t  valid_until_ns;
    double   to_go;             /* distance still to roll until it is to be done, m */
    double   x, y;              /* where, world, m */
    double   steer;             /* road-wheel angle to hold from there, rad */
    double   turns;             /* of the steering wheel from where it is, left positive, 1 */
    double   distance;          /* to keep it up, m */
    double   clearance;         /* expected on the line advised, m; NaN = none */
    double   probability;       /* of touching if nothing is changed, 1; NaN = not known */
    double   other_clearance;   /* on the way not advised: trail or present course, m; NaN = none */
    double   angle;             /* tilt or tip margin the cause speaks of, rad; NaN = none */
    int32_t  other_part;        /* index of the part `other_clearance` is of, -1 none */
    int32_t  reserved;
    int64_t  since_ns;          /* when what it speaks of began: a shock, spinning; t_ns where it is now or ahead */
} tc_step;

/* What a contact was felt by. */
#define TC_FELT_SHOCK 1             /* a shock of the IMU beyond the ride */
#define TC_FELT_SHIFT 2             /* load that shifted: the vehicle stands so that a part must carry */

/* A contact felt, with a part near the ground. Read it when it is over. */
typedef struct tc_contact {
    uint32_t struct_size;
    int32_t  part;              /* the nearest to the ground, -1 = none was near: no contact of the underbody */
    int64_t  t_ns, t_end_ns;    /* of what was felt */
    double   shock;             /* peak of the shock, root mean square in the shock band, m/s^2; 0 = there was none */
    double   threshold;         /* what it had to exceed on this ride, m/s^2; NaN = there was none */
    double   clearance;         /* least of that part meanwhile, as predicted, m; NaN = no stance was known */
    double   probability;       /* of touching, as predicted, 1 */
    double   x, y;              /* of the body origin when it began, world, m */
    int32_t  felt;              /* TC_FELT_ bits */
    int32_t  reserved;
    double   lift;              /* of the part above where the wheels alone would hold it, m; NaN = no load shifted */
} tc_contact;

/* ---- questions ----------------------------------------------------------------------------------------- */

enum {                          /* tc_ask */
    TC_ASK_REPEAT = 1,          /* the last step, with the way still to go */
    TC_ASK_NEXT = 2,            /* what comes next */
    TC_ASK_WHY = 3,             /* the last step as it was given: its reason */
    TC_ASK_HOW_FAR = 4,         /* to what was last said; past that to what comes next, or to the trail's end */
    TC_ASK_ANOTHER_WAY = 5,     /* is there one that keeps clear: the line for who left it, else straight on */
    TC_ASK_WILL_IT_FIT = 6      /* on the line advised, else on the present course */
};
enum {                          /* tc_answer.outcome */
    TC_ANSWER_UNKNOWN = 0,      /* place or ground are not known well enough; step.cause says which */
    TC_ANSWER_STEP = 1,         /* the step answers */
    TC_ANSWER_NOTHING = 2,      /* nothing was said; nothing comes for step.distance */
    TC_ANSWER_PAST = 3,         /* the place of the step is behind */
    TC_ANSWER_YES = 4,
    TC_ANSWER_BARELY = 5,       /* with less than clearance_warn */
    TC_ANSWER_NO = 6
};

typedef struct tc_answer {
    uint32_t struct_size;
    int32_t  question;          /* TC_ASK_ */
    int32_t  outcome;           /* TC_ANSWER_ */
    int32_t  reserved;
    tc_step  step;              /* figures as in a step given; id 0 = it was not */
} tc_answer;

/* ---- engine -------------------------------------------------------------------------------------------- */

TC_API uint32_t    tc_abi_version(void);
TC_API const char *tc_strerror(tc_status status);

/* Everything but the vehicle filled with defaults for a consumer IMU. */
TC_API tc_status tc_config_default(tc_config *config);
TC_API tc_status tc_memory_size(const tc_config *config, size_t *bytes);
TC_API tc_status tc_create(const tc_config *config, tc_engine **out);
TC_API void      tc_destroy(tc_engine *engine);
/* As after tc_create, but for terrain and trail, which stay. */
TC_API tc_status tc_reset(tc_engine *engine);

/* The grid struct is copied, its heights and what is told beside them are borrowed, and what is found out about them
   is kept: hand the grid over again where they have changed. */
TC_API tc_status tc_set_terrain(tc_engine *engine, const tc_grid *grid);
/* Another window of the same ground, for a vehicle that leaves the last: stance, line and plan stay as they are. */
TC_API tc_status tc_move_terrain(tc_engine *engine, const tc_grid *grid);
TC_API tc_status tc_set_trail(tc_engine *engine, const double *xy, size_t n, double half_width);
/* Known pose at rest before the first sample; without it heading and place come from GNSS in motion. */
TC_API tc_status tc_set_start(tc_engine *engine, double x, double y, double z, double yaw, double sd_xy, double sd_yaw);

/* TC_E_TIME: older than the lag, or over 1 s ahead of all sensors and not confirmed by the next ones of this sensor; the
 * sample is left out. Such stamps that agree over 0.1 s are believed: all sensors made a pause, or the clock of this one
 * stepped and its stamps are carried on. A sample waits for the IMU to reach its time, up to 0.1 s. */
TC_API tc_status tc_push_imu(tc_engine *engine, const tc_imu *sample);
TC_API tc_status tc_push_wheels(tc_engine *engine, const tc_wheels *sample);
TC_API tc_status tc_push_inclination(tc_engine *engine, const tc_inclination *sample);
TC_API tc_status tc_push_steering(tc_engine *engine, const tc_steering *sample);
TC_API tc_status tc_push_speed(tc_engine *engine, const tc_speed *sample);
TC_API tc_status tc_push_gnss(tc_engine *engine, const tc_gnss *sample);

/* Guidance for the time t_ns: call it 5 to 20 times a second. TC_E_TIME: before the last one; nothing is done then. */
TC_API tc_status tc_tick(tc_engine *engine, int64_t t_ns);
TC_API tc_status tc_get_state(const tc_engine *engine, tc_state *out);
/* From now on every innovation goes into the host's ring, number i to ring[i % n], until tc_reset; NULL ends it. Late
 * samples take the count back, and what follows them is written again. Count: how many there were, the last n are kept. */
TC_API tc_status tc_watch_innovations(tc_engine *engine, tc_innovation *ring, size_t n);
TC_API uint64_t  tc_innovation_count(const tc_engine *engine);
TC_API tc_status tc_get_stance(const tc_engine *engine, tc_stance *out);
TC_API tc_status tc_get_line(const tc_engine *engine, tc_line_info *info, tc_line_point *out, size_t capacity, size_t *n);
TC_API tc_status tc_next_step(tc_engine *engine, tc_step *out);
/* The oldest contact felt that was not read yet; TC_NONE = there is none. The oldest of more than 64 are lost. */
TC_API tc_status tc_next_contact(tc_engine *engine, tc_contact *out);
/* The contact felt that is not over: what a drive ends with, hung on a rock. TC_NONE = there is none. */
TC_API tc_status tc_get_contact(const tc_engine *engine, tc_contact *out);
/* Answer a question (TC_ASK_) from what the last tick knew. Says nothing by itself and changes nothing. */
TC_API tc_status tc_ask(const tc_engine *engine, int32_t question, tc_answer *out);
/* TC_NONE where the terrain is read in place. */
TC_API tc_status tc_get_window(const tc_engine *engine, tc_window *out);

/* The stations by themselves: n poses (x, y, yaw); one line. goal: x, y, yaw, NaN yaw = free; both ends of a line lie
 * within 10 km of the terrain. */
TC_API tc_status tc_settle(tc_engine *engine, const double *poses, size_t n, tc_stance *out);
/* Without a stance: the least clearance that is sure of a rest within 0.12 rad of the ground at each pose, from the lowest
 * and highest ground within its wheels' reach, m; -infinity where it is not sure to be clear. Never more than tc_settle
 * finds, and no part of it: what a host can fall back on where that finds no rest. */
TC_API tc_status tc_assure(tc_engine *engine, const double *poses, size_t n, double *clearance);
/* tc_settle with all margins, some 100 times its work. footing: NULL = what tc_footing_default gives. */
TC_API tc_status tc_footing_default(tc_footing *footing);
TC_API tc_status tc_examine(tc_engine *engine, const tc_footing *footing, const double *poses, size_t n, tc_stance *stances,
                            tc_margins *out);
TC_API tc_status tc_plan(tc_engine *engine, const double *start, const double *goal,
                         tc_line_info *info, tc_line_point *out, size_t capacity, size_t *n);
/* How likely a line touches, driven with such lateral errors (standard deviation, m; 0.075 holds it to about +-15 cm): the
 * events along it hang together. Nine stances a point: not for the tick. */
TC_API tc_status tc_line_risk(tc_engine *engine, const tc_line_point *line, size_t n, double wander_sd, tc_risk *out);

#ifdef __cplusplus
}
#endif
#endif
