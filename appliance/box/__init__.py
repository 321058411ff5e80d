"""What concerns the machine that Kagami lives on rather than faces: versions, bundles, updates."""
