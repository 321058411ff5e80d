"""What concerns the machine that Kagami runs on, rather than faces."""
