"""What most dialects have in common: a farewell to neutral, no slow messages, one usual port."""

from appliance.outputs.parts import PARTS


class Dialect:
    """Base of a dialect; `usual_port` is where its receivers listen if nobody changed that,
    `parts` what of a face it has a place for."""

    options, parts = (), PARTS
    posted = False
    slows_after = 0.0
    usual_port = 0

    def farewell(self, moment, reason):
        """The last datagrams: what is sent while nobody is there."""
        return self(moment._replace(face=None))

    def announce(self, status, everything):
        """The slow messages: none."""
        return ()

    @classmethod
    def port(cls, target):
        """The usual port for a target."""
        return cls.usual_port

    @classmethod
    def carries(cls, target):
        """Those of parts.PARTS that the wire has a place for; target: a record with options."""
        return cls.parts
