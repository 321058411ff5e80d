"""The page for a box without a screen: what serves it, in a process of its own."""
