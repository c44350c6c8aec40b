"""What can go wrong, in words a mechanic can act on."""


class TrailcoachError(Exception):
    """Base of all errors of this package."""


class InputError(TrailcoachError):
    """Bad input: one line that says what, where, and what is allowed. The command line exits with 2."""


class CoreError(TrailcoachError):
    """The core refused a call.

    Attributes
    ----------
    status : int
        The tc_status of trailcoach.h.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
