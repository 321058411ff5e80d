"""The option quality in, the network that places the points out: the usual one, or the finer one
that takes up to four times as long."""
import logging

from appliance.backends import manifest
from appliance.backends.batches import Batches
from appliance.errors import KagamiError, UsageError
from appliance.service import managed

log = logging.getLogger("kagami.backend")
STANDARD = "standard"
NETWORKS = {STANDARD: "landmarks", "fine": "fine"}      # sections of engines/manifest.ini


def needed(names, quality=STANDARD):
    """Those of the manifest's names that a machine must be able to run for a quality. The usual
    network stays among them: it goes on where the finer one cannot be had."""
    spared = set(NETWORKS.values()) - {NETWORKS[STANDARD], NETWORKS[quality]}
    return [name for name in names if name not in spared]


def known(names):
    """The qualities that networks of these names give."""
    return [quality for quality, name in NETWORKS.items() if name in names]


def check(quality):
    """UsageError where the manifest or its folder lacks what a quality takes; the usual network is
    not looked at, for that costs a start its time."""
    if quality == STANDARD:
        return
    name = NETWORKS[quality]
    try:
        networks = manifest.read()
        if name not in networks:
            raise UsageError(name, "there is no network [%s] in %s" % (name, manifest.MANIFEST),
                             "set it to " + STANDARD)
        networks[name].content()
    except KagamiError as why:
        raise UsageError(quality, why.why, why.do) from why


def engines(backend, settings, running=None):
    """The Batches of the network that options of [tracker] ask for. running: those at work.

    Where they cannot be had, whatever works goes on, in a service the usual network, and the log
    says so; else KagamiError tells why.
    """
    wanted = NETWORKS[settings.quality]
    if running is not None and running.network.section == wanted:
        return running
    try:
        return Batches(backend, wanted, settings.max_faces)
    except KagamiError as why:
        if running is None and (settings.quality == STANDARD or not managed()):
            raise
        found = running or Batches(backend, NETWORKS[STANDARD], settings.max_faces)
        log.error("%s (meanwhile %s places the points)", why, found.network.section)
        return found
