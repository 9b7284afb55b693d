"""Is the agency ready? Items, probes, evidence and verdicts of the pre-sync checklist."""
