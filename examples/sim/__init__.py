"""Parts of closed_loop.py: a vehicle in MuJoCo, ground to drive on, and somebody to drive."""
