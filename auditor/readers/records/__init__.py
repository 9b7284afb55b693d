"""What flow logs of every kind share: records as columns, checked, counted once, paired."""
