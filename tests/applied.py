"""`normlab apply` on arrays of numpy, for solutions of exercises and whoever asks the program for values."""

import h5py
import numpy as np


def applied(place, spec, x, *options, **more):
    """What OUT has, by name: y, mean, rstd, and with dy dx, dgamma and dbeta. `more`: gamma, beta, dy, mask, running_mean ..."""
    inside, outside = place.path("in.h5"), place.path("applied.h5")
    with h5py.File(inside, "w") as file:
        for name, value in dict(more, x=x).items():
            file[name] = np.asarray(value, float)
    place.good("apply", spec, inside, outside, *options)
    found = {}
    with h5py.File(outside, "r") as file:
        file.visititems(lambda name, each: found.update({name: each[()]}) if isinstance(each, h5py.Dataset) else None)
    return found
