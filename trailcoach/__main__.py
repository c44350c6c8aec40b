"""``python -m trailcoach``: the command line."""
import sys

from trailcoach.cli import main

if __name__ == "__main__":
    sys.exit(main())
