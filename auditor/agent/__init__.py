"""When does it run? Schedules, watched folders, live capture, and telling people."""
