"""Public sources in (ICT-FaceKit, photographs, backgrounds, panoramas), the folder that `material` reads out."""
