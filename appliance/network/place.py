"""Where the socket file lies at which programs of this machine ask the one that runs.

Told apart from both its ends, so that who only asks need not load what a tracker needs.
"""
import os

from appliance import keeping

NAME = "control"
SERVICE = "/run/kagami"         # what systemd makes for the service


def places(setting=""):
    """Paths of the socket: that of the program started here, then where else one may run.

    setting: calibration.folder. What systemd names as runtime folder comes before what is kept.
    """
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    folders = [runtime] if runtime else [keeping.folder(setting), SERVICE]
    return [os.path.join(folder, NAME) for folder in folders]
