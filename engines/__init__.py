"""The networks, and what turns them into engines of this machine's GPU. training/ is for a PC."""
