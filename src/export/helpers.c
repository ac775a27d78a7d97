/* The helpers of the modules, in Python. They keep the tape's meaning: which operand of equal ones a
 * maximum's derivative goes to, what is not let through where something is chosen, that a mean is
 * exact on constants. */
#include "helpers.h"

const Helper helpers[HELPERS] = {
    {"_ratio",
     {NULL,
      "def _ratio(m):\n"
      "    \"\"\"m / (m - 1); 1 of 1.\"\"\"\n"
      "    return m / (m - 1) if m > 1 else 1.0\n\n\n",
      NULL}},
    {"_over",
     {NULL,
      "def _over(a, b):\n"
      "    \"\"\"a / b of numbers, also of b = 0.\"\"\"\n"
      "    return a / b if b != 0 else a * math.inf\n\n\n",
      NULL}},
    {"_erf",
     {NULL,
      "def _erf(x):\n"
      "    return np.vectorize(math.erf, otypes=[float])(x)\n\n\n",
      "def _erf(x):\n"
      "    return jax.scipy.special.erf(x)\n\n\n"}},
    {"_bell",
     {NULL,
      "def _bell(x):\n"
      "    \"\"\"The slope of erf.\"\"\"\n"
      "    return 2 / math.sqrt(math.pi) * $.exp(-x * x)\n\n\n",
      NULL}},
    {"_held",
     {"def _held(x):\n"
      "    \"\"\"A constant of the derivative.\"\"\"\n"
      "    return x.detach()\n\n\n",
      "def _held(x):\n"
      "    \"\"\"A constant of the derivative, where there is one.\"\"\"\n"
      "    return x\n\n\n",
      "def _held(x):\n"
      "    \"\"\"A constant of the derivative.\"\"\"\n"
      "    return jax.lax.stop_gradient(x)\n\n\n"}},
    {"_as",
     {"def _as(a, like):\n"
      "    \"\"\"A number as a tensor.\"\"\"\n"
      "    return a if torch.is_tensor(a) else like.new_tensor(a)\n\n\n",
      "def _as(a, like):\n"
      "    \"\"\"A number as an array.\"\"\"\n"
      "    return $.asarray(a, dtype=like.dtype)\n\n\n",
      NULL}},
    {"_full",
     {"def _full(like, shape, value):\n"
      "    return like.new_tensor(value).expand(shape)\n\n\n",
      "def _full(like, shape, value):\n"
      "    return $.full(shape, value, dtype=like.dtype)\n\n\n",
      NULL}},
    {"_tile",
     {"def _tile(like, values, times):\n"
      "    \"\"\"The values, again and again.\"\"\"\n"
      "    return like.new_tensor(values).repeat(times)\n\n\n",
      "def _tile(like, values, times):\n"
      "    \"\"\"The values, again and again.\"\"\"\n"
      "    return $.tile($.asarray(values, dtype=like.dtype), times)\n\n\n",
      NULL}},
    {"_max",
     {"def _max(a, b):\n"
      "    \"\"\"The derivative goes to a where b <= a.\"\"\"\n"
      "    a, b = _as(a, b), _as(b, a)\n"
      "    return torch.where((b > a) | (b != b), b, a)\n\n\n",
      "def _max(a, b):\n"
      "    \"\"\"The derivative goes to a where b <= a.\"\"\"\n"
      "    return $.where((b > a) | (b != b), b, a)\n\n\n",
      NULL}},
    {"_where",
     {"def _where(mask, a, b):\n"
      "    \"\"\"a where mask > 0, else b.\"\"\"\n"
      "    return torch.where(mask > 0, _as(a, mask), _as(b, mask))\n\n\n",
      "def _where(mask, a, b):\n"
      "    \"\"\"a where mask > 0, else b.\"\"\"\n"
      "    return $.where(mask > 0, a, b)\n\n\n",
      NULL}},
    {"_step",
     {"def _step(x):\n"
      "    \"\"\"1 where x > 0, else 0.\"\"\"\n"
      "    return (x > 0).to(x.dtype)\n\n\n",
      "def _step(x):\n"
      "    \"\"\"1 where x > 0, else 0.\"\"\"\n"
      "    return (x > 0).astype(x.dtype)\n\n\n",
      NULL}},
    {"_relu",
     {NULL,
      "def _relu(x):\n"
      "    return np.where((x > 0) | (x != x), x, 0.0)\n\n\n",
      "def _relu(x):\n"
      "    return jax.nn.relu(x)\n\n\n"}},
    {"_sigmoid",
     {NULL,
      "def _sigmoid(x):\n"
      "    \"\"\"Without overflow at either end.\"\"\"\n"
      "    small = np.exp(-abs(x))\n"
      "    return np.where(x >= 0, 1.0, small) / (1.0 + small)\n\n\n",
      "def _sigmoid(x):\n"
      "    return jax.nn.sigmoid(x)\n\n\n"}},
    {"_power", {NULL, "def _power(x, exponent):\n    return x**exponent\n\n\n", NULL}},
    {"_softmax",
     {NULL,
      "def _softmax(x):\n"
      "    \"\"\"Over the last axis.\"\"\"\n"
      "    y = np.exp(x - x.max(-1, keepdims=True))\n"
      "    return y / y.sum(-1, keepdims=True)\n\n\n",
      "def _softmax(x):\n"
      "    return jax.nn.softmax(x, axis=-1)\n\n\n"}},
    {"_largest",
     {"def _largest(x):\n"
      "    \"\"\"Of the last axis, a constant of the derivative.\"\"\"\n"
      "    return x.detach().amax(-1, keepdim=True)\n\n\n",
      "def _largest(x):\n"
      "    return x.max(-1, keepdims=True)\n\n\n",
      "def _largest(x):\n"
      "    \"\"\"Of the last axis, a constant of the derivative.\"\"\"\n"
      "    return jax.lax.stop_gradient(x).max(-1, keepdims=True)\n\n\n"}},
    {"_repeat",
     {"def _repeat(x, shape):\n"
      "    return (x.reshape(()) if x.numel() == 1 else x).expand(shape)\n\n\n",
      "def _repeat(x, shape):\n"
      "    return $.broadcast_to(x.reshape(()) if x.size == 1 else x, shape)\n\n\n",
      NULL}},
    {"_sum",
     {"def _sum(x, shape):\n"
      "    \"\"\"Over the axes that `shape` has not.\"\"\"\n"
      "    axes = tuple(i for i in range(x.dim()) if math.prod(shape) == 1 or x.shape[i] "
      "!= "
      "shape[i])\n"
      "    return (x.sum(axes, keepdim=True) if axes else x).reshape(shape)\n\n\n",
      "def _sum(x, shape):\n"
      "    \"\"\"Over the axes that `shape` has not.\"\"\"\n"
      "    axes = tuple(i for i in range(x.ndim) if math.prod(shape) == 1 or x.shape[i] "
      "!= "
      "shape[i])\n"
      "    return x.sum(axes, keepdims=True).reshape(shape)\n\n\n",
      NULL}},
    {"_take",
     {"def _take(x, axis, index):\n"
      "    return x.index_select(axis, torch.tensor(index, device=x.device))\n\n\n",
      "def _take(x, axis, index):\n"
      "    return $.take(x, $.array(index), axis)\n\n\n",
      NULL}},
    {"_pad",
     {"def _pad(x, axis, before, size):\n"
      "    \"\"\"Zeros around x along an axis, to `size`.\"\"\"\n"
      "    beside = [before, size - before - x.shape[axis]]\n"
      "    return torch.nn.functional.pad(x, [0, 0] * (x.dim() - 1 - axis) + "
      "beside)\n\n\n",
      "def _pad(x, axis, before, size):\n"
      "    \"\"\"Zeros around x along an axis, to `size`.\"\"\"\n"
      "    beside = (before, size - before - x.shape[axis])\n"
      "    return $.pad(x, [beside if i == axis else (0, 0) for i in "
      "range(x.ndim)])\n\n\n",
      NULL}},
    {"_mean",
     {"def _mean(x, block, sets, apart=False):\n"
      "    \"\"\"Of each cell: `block` samples x one of `sets` sets of channels x all "
      "positions, or each "
      "apart.\"\"\"\n"
      "    if not isinstance(sets, int):\n"
      "        each = [_mean(x[:, list(members)], block, 1, apart) for members in sets]\n"
      "        return torch.stack([mean.reshape(x.shape[0] // block, -1) for mean in "
      "each], "
      "1).reshape(-1)\n"
      "    x = x.reshape(x.shape[0] // block, block, sets, x.shape[1] // sets, -1)\n"
      "    x = x.permute(0, 2, 4, 1, 3) if apart else x.transpose(1, 2)\n"
      "    x = x.reshape(math.prod(x.shape[:3 if apart else 2]), -1)\n"
      "    first = x[:, :1].detach()  # so that it is exact on constants\n"
      "    return first[:, 0] + (x - first).mean(1)\n\n\n",
      "def _mean(x, block, sets, apart=False):\n"
      "    \"\"\"Of each cell: `block` samples x one of `sets` sets of channels x all "
      "positions, or each "
      "apart.\"\"\"\n"
      "    if not isinstance(sets, int):\n"
      "        each = [_mean(x[:, $.array(members)], block, 1, apart) for members in "
      "sets]\n"
      "        return $.stack([mean.reshape(x.shape[0] // block, -1) for mean in each], "
      "1).reshape(-1)\n"
      "    x = x.reshape(x.shape[0] // block, block, sets, x.shape[1] // sets, -1)\n"
      "    x = x.transpose(0, 2, 4, 1, 3) if apart else x.swapaxes(1, 2)\n"
      "    x = x.reshape(math.prod(x.shape[:3 if apart else 2]), -1)\n"
      "    first = _held(x[:, :1])  # so that it is exact on constants\n"
      "    return first[:, 0] + (x - first).mean(1)\n\n\n",
      NULL}},
    {"_spread",
     {"def _spread(cells, block, sets, shape, apart=False):\n"
      "    \"\"\"Every element has its cell's number.\"\"\"\n"
      "    n, c = shape[0] // block, shape[1]\n"
      "    wide = n, block, c, math.prod(shape[2:])\n"
      "    if isinstance(sets, int):\n"
      "        cells = cells.reshape(n, 1, sets, 1, -1)\n"
      "        return cells.expand(n, block, sets, c // sets, wide[3]).reshape(shape)\n"
      "    of = [k for i in range(c) for k, members in enumerate(sets) if i in members]\n"
      "    return cells.reshape(n, 1, len(sets), -1)[:, :, "
      "of].expand(wide).reshape(shape)\n\n\n",
      "def _spread(cells, block, sets, shape, apart=False):\n"
      "    \"\"\"Every element has its cell's number.\"\"\"\n"
      "    n, c = shape[0] // block, shape[1]\n"
      "    wide = n, block, c, math.prod(shape[2:])\n"
      "    if isinstance(sets, int):\n"
      "        cells = cells.reshape(n, 1, sets, 1, -1)\n"
      "        return $.broadcast_to(cells, (n, block, sets, c // sets, "
      "wide[3])).reshape(shape)\n"
      "    of = $.array([k for i in range(c) for k, members in enumerate(sets) if i in "
      "members])\n"
      "    return $.broadcast_to(cells.reshape(n, 1, len(sets), -1)[:, :, of], "
      "wide).reshape(shape)\n\n\n",
      NULL}},
    {"_moved",
     {"def _moved(state, seen, weight):\n"
      "    \"\"\"A state after a step that saw that; where it is no number, nothing was "
      "seen.\"\"\"\n"
      "    seen = torch.as_tensor(seen, dtype=state.dtype, "
      "device=state.device).detach()\n"
      "    return torch.where(seen == seen, state + weight * (seen - state), "
      "state)\n\n\n",
      "def _moved(state, seen, weight):\n"
      "    \"\"\"A state after a step that saw that; where it is no number, nothing was "
      "seen.\"\"\"\n"
      "    seen = _held($.asarray(seen, dtype=state.dtype))\n"
      "    return $.where(seen == seen, state + weight * (seen - state), state)\n\n\n",
      NULL}},
};
