"""Kagami on a board that is none: its words are those of `kagami`, its sensors lie in the folder
that STAND_IN_SYSTEM names, as the kernel would tell of them."""
import os
import sys

from appliance.cli import main
from appliance.sources import daemon, sensors

if __name__ == "__main__":
    sensors.SYSTEM = os.environ["STAND_IN_SYSTEM"]
    daemon.SOCKET = os.environ.get("STAND_IN_DAEMON", daemon.SOCKET)
    sys.exit(main())
