"""The values of taught expressions become messages of their own, one for each name, for dialects
that have an address for each value.

Which names there are is known from the faces; they change when somebody teaches.
"""
from appliance.outputs.osc import LIMIT, Bool, Float, Layout


class Values:
    """Call with a Moment, or with one of its slots and the integers of `head`: the datagrams,
    valid until the next call; zeros where nobody is there.

    template: the address, with %s for the name. declared: {address: type tag}, only these are
    sent, however they begin; None sends all. The rest as osc.Layout has it.
    """

    def __init__(self, template, limit=LIMIT, bundle=True, head=None, declared=None):
        self._template, self._layout, self._names = template, None, ()
        self._shape, self._declared = (limit, bundle, head), declared

    def __call__(self, shown, head=()):
        if shown.face is not None and tuple(shown.face.taught) != self._names:
            self._lay_out(tuple(shown.face.taught))
        if not self._names or self._layout is None:
            return ()
        values = shown.face.taught if shown.face is not None else {}
        told = [values.get(name, 0.0) for name in self._order]
        self._layout.floats[:] = [v for v, tag in zip(told, self._tags) if tag == "f"]
        self._layout.bools[:] = [v > 0.5 for v, tag in zip(told, self._tags) if tag != "f"]
        self._layout.ints[:] = head
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
        """[(name, address, tag)]; an address that an avatar declares may be too long to send."""
        if self._declared is None:
            return [(name, self._template % name, "f") for name in names]
        declared = [(address, tag) for address, tag in sorted(self._declared.items())
                    if tag in ("f", "T", "F", "TF") and 2 * len(address) < self._shape[0]]
        return [(name, address, "f" if tag == "f" else "T") for name in names
                for address, tag in declared if address.rsplit("/", 1)[-1] == name]
