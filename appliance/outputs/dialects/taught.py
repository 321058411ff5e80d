"""The values of taught expressions become messages of their own, one for each name, for dialects
that have an address for each value.

Which names there are is known from the faces; they change when somebody teaches.
"""
from appliance.outputs.osc import LIMIT, Bool, Float, Layout


class Values:
    """Call with a Moment: its datagrams, valid until the next call; zeros where nobody is there.

    template: the address, with %s for the name. The rest as osc.Layout has it; fill: called with a
    moment and the layout for what `head` needs.
    """

    def __init__(self, template, limit=LIMIT, bundle=True, head=None, fill=None):
        self._template, self._layout, self._names = template, None, ()
        self._shape, self._fill, self._declared = (limit, bundle, head), fill, None

    def declare(self, parameters):
        """Send only what is among {address: type tag}, however it begins; None sends all."""
        self._declared, self._names = parameters, ()

    def __call__(self, moment):
        if moment.face is not None and tuple(moment.face.taught) != self._names:
            self._lay_out(tuple(moment.face.taught))
        if not self._names or self._layout is None:
            return ()
        values = moment.face.taught if moment.face is not None else {}
        told = [values.get(name, 0.0) for name in self._order]
        self._layout.floats[:] = [v for v, tag in zip(told, self._tags) if tag == "f"]
        self._layout.bools[:] = [v > 0.5 for v, tag in zip(told, self._tags) if tag != "f"]
        if self._fill:
            self._fill(moment, self._layout)
        return self._layout.write()

    def _lay_out(self, names):
        self._names, messages, counts = names, [], {"f": 0, "T": 0}
        self._order, self._tags = [], []
        for name, address, tag in self._places(names):
            messages.append((address, ((Float if tag == "f" else Bool)(counts[tag]),)))
            counts[tag] += 1
            self._order.append(name)
            self._tags.append(tag)
        self._layout = Layout(messages, *self._shape) if messages else None

    def _places(self, names):
        """[(name, address, tag)]"""
        if self._declared is None:
            return [(name, self._template % name, "f") for name in names]
        return [(name, address, "f" if tag == "f" else "T") for name in names
                for address, tag in sorted(self._declared.items())
                if address.rsplit("/", 1)[-1] == name and tag in ("f", "T", "F", "TF")]
