"""What was inside: payload of flows that leave -> hits of detectors, and what could not be read."""
