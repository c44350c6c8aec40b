"""Files people hand over: read, checked, and every fault named with file, place and what is allowed."""
