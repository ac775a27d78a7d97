"""What modules of `normlab export --to jax` ask of jax, by PyTorch: so that their texts, derivatives and tests are run where
there is no jax. What jax itself computes is not seen by it.
"""

import sys
import types

import torch


class Array(torch.Tensor):
    """With the methods of numpy's arrays."""

    @property
    def size(self):
        return self.numel()

    def transpose(self, *axes):
        return self.permute(*axes)

    def max(self, axis=None, keepdims=False):
        return self.amax() if axis is None else self.amax(axis, keepdim=keepdims)

    def astype(self, dtype):
        return self.to(dtype)


def array(values, dtype=None):
    return torch.as_tensor(values, dtype=dtype).as_subclass(Array)


def number(value, like):
    return value if torch.is_tensor(value) else array(value, like.dtype)


def where(mask, a, b):
    like = a if torch.is_tensor(a) else b if torch.is_tensor(b) else torch.zeros(1, dtype=torch.float64)
    return torch.where(mask, number(a, like), number(b, like))


def pad(x, beside):
    return torch.nn.functional.pad(x.as_subclass(torch.Tensor), [n for pair in reversed(beside) for n in pair]).as_subclass(Array)


def vjp(function, x, params, has_aux):
    x, params = x.detach().requires_grad_(), {name: value.detach().requires_grad_() for name, value in params.items()}
    y, after = function(x, params)

    def pull(dy):
        of = [x, *params.values()]
        found = torch.autograd.grad(y, of, dy, allow_unused=True)
        dx, *rest = [torch.zeros_like(a) if d is None else d for d, a in zip(found, of)]
        return dx, dict(zip(params, rest))

    return y.detach(), pull, {name: value.detach() for name, value in after.items()}


def stand_in():
    """Puts it in the place of jax."""
    jax, jnp, nn, lax, scipy, special = (types.ModuleType(name) for name in (
        "jax", "jax.numpy", "jax.nn", "jax.lax", "jax.scipy", "jax.scipy.special"))
    jax.numpy, jax.nn, jax.lax, jax.scipy, scipy.special = jnp, nn, lax, scipy, special
    jax.vjp, jax.config = vjp, types.SimpleNamespace(update=lambda name, value: None)
    for name in ("exp", "log", "sqrt", "tanh", "broadcast_to", "stack"):
        setattr(jnp, name, getattr(torch, name))
    jnp.float64, jnp.array, jnp.asarray, jnp.where, jnp.pad = torch.float64, array, array, where, pad
    jnp.full = lambda shape, value, dtype=None: torch.full(shape, value, dtype=dtype).as_subclass(Array)
    jnp.tile = lambda x, times: x.repeat(times)
    jnp.take = lambda x, index, axis: torch.index_select(x, axis, index)
    nn.relu, nn.sigmoid, nn.softmax = torch.relu, torch.sigmoid, lambda x, axis: torch.softmax(x, axis)
    special.erf, lax.stop_gradient = torch.erf, lambda x: x.detach()
    sys.modules.update({"jax": jax, "jax.numpy": jnp, "jax.nn": nn, "jax.lax": lax, "jax.scipy": scipy,
                        "jax.scipy.special": special})
