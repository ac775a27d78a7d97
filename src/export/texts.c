/* What modules have in common, in Python; `$` is numpy's or jax's module. */
#include "arith.h"
#include "module.h"

/* Of the numbers by which modules test themselves. */
#if NORMLAB_HAS_QUAD
#define DIGITS "113 bits"
#else
#define DIGITS "long doubles"
#endif

const char TORCH_CLASS[] = "class Norm(torch.nn.Module):\n"
                           "    \"\"\"y of x [N, C, ...]; training (self.training) moves "
                           "the state, too.\"\"\"\n\n"
                           "    def __init__(self, generator=None):\n"
                           "        super().__init__()\n";

const char TORCH_PROJECT[] = "\n    def project(self):\n"
                             "        \"\"\"Parameters that have a range are put back "
                             "into it: after each step.\"\"\"\n"
                             "        with torch.no_grad():\n";

const char NUMPY_PARAMETERS[] = "def parameters(seed=0):\n"
                                "    \"\"\"As they begin.\"\"\"\n"
                                "    return {\n";

const char JAX_PARAMETERS[] = "def parameters(key=None):\n"
                              "    \"\"\"As they begin.\"\"\"\n"
                              "    key = jax.random.PRNGKey(0) if key is None else key\n"
                              "    return {\n";

const char FUNCTION_STATE[] = "def initial_state():\n"
                              "    \"\"\"As it begins.\"\"\"\n"
                              "    return {\n";

const char FUNCTION_PROJECT[] = "def project(params):\n"
                                "    \"\"\"Parameters that have a range are put back "
                                "into it: after each step.\"\"\"\n"
                                "    return {\n        **params,\n";

#define FORWARD_BEGINS                                                                   \
    "\n\ndef forward(x, params, state, train):\n"                                        \
    "    \"\"\"y of x [N, C, ...], and the state after it.\"\"\"\n"                      \
    "    if x.ndim < 2 or x.shape[1] != CHANNELS:\n"                                     \
    "        raise ValueError(f\"x should be [N, {CHANNELS}, ...], not "                 \
    "{list(x.shape)}\")\n"                                                               \
    "    if x.size == 0:\n"                                                              \
    "        return x, state\n"                                                          \
    "    seen = x.reshape(x.shape[0], CHANNELS, -1)\n"

static const char NUMPY_FORWARD[] = FORWARD_BEGINS
    "    with np.errstate(divide=\"ignore\", invalid=\"ignore\"):  # of one "
    "element's variance\n"
    "        y, state = (_train if train else _evaluate)(seen, params, "
    "state)\n"
    "    return y.reshape(x.shape), state\n\n\n";

static const char JAX_FORWARD[] = FORWARD_BEGINS
    "    y, state = (_train if train else _evaluate)(seen, params, state)\n"
    "    return y.reshape(x.shape), state\n\n\n";

static const char TORCH_FORWARD[] = "\n    def forward(self, x):\n"
                                    "        if x.dim() < 2 or x.shape[1] != CHANNELS:\n"
                                    "            raise ValueError(f\"x should be [N, "
                                    "{CHANNELS}, ...], not {list(x.shape)}\")\n"
                                    "        if x.numel() == 0:\n"
                                    "            return x\n"
                                    "        seen = x.reshape(x.shape[0], CHANNELS, -1)\n"
                                    "        return (self._train(seen) if self.training "
                                    "else self._evaluate(seen)).reshape(x.shape)"
                                    "\n\n\n";

const char MODULE_MAIN[] = "\n\nif __name__ == \"__main__\":\n"
                           "    worst = self_test()\n"
                           "    print(f\"{SPEC}: agrees to {worst:.1e} of the size of "
                           "each array (doubles: {DOUBLES:.1e})\")\n"
                           "    sys.exit(0 if worst <= LIMIT else 1)\n";

static const char TORCH_TEST[] =
    "def _far(got, want, size=0.0):\n"
    "    \"\"\"The largest difference, of that size or the largest number; what is none "
    "in both is the "
    "same.\"\"\"\n"
    "    want = torch.tensor(want, dtype=torch.float64).reshape(got.shape)\n"
    "    same = (got == want) | ((got != got) & (want != want))\n"
    "    size = max([size, 1e-300] + want[want.isfinite()].abs().tolist())\n"
    "    far = ((got - want).abs() / size)[~same].tolist()\n"
    "    return math.inf if any(each != each for each in far) else max(far, "
    "default=0.0)\n\n\n"
    "def self_test():\n"
    "    \"\"\"How far values, derivatives and state are from NUMBERS, of each array's "
    "size.\"\"\"\n"
    "    x, dy = (torch.tensor(NUMBERS[name], "
    "dtype=torch.float64).reshape(NUMBERS[\"shape\"]) for name "
    "in (\"x\", \"dy\"))\n"
    "    size, worst = float(dy.abs().max()), 0.0\n"
    "    for mode in (\"train\", \"eval\"):\n"
    "        norm, want = Norm().double().train(mode == \"train\"), NUMBERS[mode]\n"
    "        with torch.no_grad():\n"
    "            for name, value in {**NUMBERS[\"params\"], "
    "**NUMBERS[\"state\"]}.items():\n"
    "                getattr(norm, NAMES[name]).copy_(torch.tensor(value, "
    "dtype=torch.float64))\n"
    "        seen = x.clone().requires_grad_()\n"
    "        y = norm(seen)\n"
    "        y.backward(dy)\n"
    "        far = [_far(y.detach(), want[\"y\"]), _far(seen.grad, want[\"dx\"], size)]\n"
    "        for name, value in want[\"dparams\"].items():\n"
    "            parameter = getattr(norm, NAMES[name])\n"
    "            grad = torch.zeros_like(parameter) if parameter.grad is None else "
    "parameter.grad\n"
    "            far.append(_far(grad, value, size))\n"
    "        for name, value in want.get(\"state\", {}).items():\n"
    "            far.append(_far(getattr(norm, NAMES[name]), value))\n"
    "        worst = max([worst] + far)\n"
    "    return worst\n";

#define FAR_OF_ARRAYS                                                                    \
    "def _far(got, want, size=0.0):\n"                                                   \
    "    \"\"\"The largest difference, of that size or the largest number; what is "     \
    "none "                                                                              \
    "in both is the "                                                                    \
    "same.\"\"\"\n"                                                                      \
    "    got, want = np.asarray(got), np.array(want).reshape(got.shape)\n"               \
    "    same = (got == want) | ((got != got) & (want != want))\n"                       \
    "    size = max([size, 1e-300] + abs(want[np.isfinite(want)]).tolist())\n"           \
    "    far = (abs(got - want)[~same] / size).tolist()\n"                               \
    "    return math.inf if any(each != each for each in far) else max(far, "            \
    "default=0.0)\n\n\n"

static const char NUMPY_TEST[] = FAR_OF_ARRAYS
    "def self_test():\n"
    "    \"\"\"How far values and state are from NUMBERS, of each array's size.\"\"\"\n"
    "    x, worst = np.array(NUMBERS[\"x\"]).reshape(NUMBERS[\"shape\"]), 0.0\n"
    "    params, state = ({name: np.array(value) for name, value in NUMBERS[of].items()} "
    "for of in "
    "(\"params\", \"state\"))\n"
    "    for mode in (\"train\", \"eval\"):\n"
    "        y, after = forward(x, params, state, mode == \"train\")\n"
    "        far = [_far(y, NUMBERS[mode][\"y\"])]\n"
    "        far += [_far(after[name], value) for name, value in "
    "NUMBERS[mode].get(\"state\", "
    "{}).items()]\n"
    "        worst = max([worst] + far)\n"
    "    return worst\n";

static const char JAX_TEST[] = FAR_OF_ARRAYS
    "def self_test():\n"
    "    \"\"\"How far values, derivatives and state are from NUMBERS, of each array's "
    "size.\"\"\"\n"
    "    jax.config.update(\"jax_enable_x64\", True)\n"
    "    x, dy = (jnp.array(NUMBERS[name], "
    "dtype=jnp.float64).reshape(NUMBERS[\"shape\"]) for name in "
    "(\"x\", \"dy\"))\n"
    "    params, state = ({name: jnp.array(value, dtype=jnp.float64) for name, value in "
    "NUMBERS[of].items()}\n"
    "                     for of in (\"params\", \"state\"))\n"
    "    size, worst = float(abs(dy).max()), 0.0\n"
    "    for mode in (\"train\", \"eval\"):\n"
    "        want = NUMBERS[mode]\n"
    "        y, pull, after = jax.vjp(lambda x, params: forward(x, params, state, mode "
    "== \"train\"), x, "
    "params, has_aux=True)\n"
    "        dx, dparams = pull(dy)\n"
    "        far = [_far(y, want[\"y\"]), _far(dx, want[\"dx\"], size)]\n"
    "        far += [_far(dparams[name], value, size) for name, value in "
    "want[\"dparams\"].items()]\n"
    "        far += [_far(after[name], value) for name, value in want.get(\"state\", "
    "{}).items()]\n"
    "        worst = max([worst] + far)\n"
    "    return worst\n";

#define FUNCTION_MODES                                                                   \
    "def _train(x, params, state):\n", "\n\ndef _evaluate(x, params, state):\n",         \
        "\n\n_evaluate = _train  # nothing is remembered\n"

const ModuleText MODULES[3] = {
    {"Norm is a module of PyTorch (1.13 or later). `python3 FILE` tests it by numbers "
     "that normlab "
     "computed in " DIGITS
     ", NUMBERS below, and ends with 1 where it does not agree with "
     "them.",
     "import math\nimport sys\n\nimport torch\n\n", "\n    def _train(self, x):\n",
     "\n    def _evaluate(self, x):\n",
     "\n    _evaluate = _train  # nothing is remembered\n", TORCH_FORWARD, TORCH_TEST},
    {"forward(x, params, state, train) gives y and the state after it. `python3 FILE` "
     "tests it by numbers "
     "that normlab computed in " DIGITS ", NUMBERS below, and ends with 1 where it does "
     "not agree with "
     "them.",
     "import math\nimport sys\n\nimport numpy as np\n\n", FUNCTION_MODES, NUMPY_FORWARD,
     NUMPY_TEST},
    {"forward(x, params, state, train) gives y and the state after it, and is pure. "
     "Nobody has run this "
     "file: where there is jax, `python3 FILE` tests it by numbers that normlab computed "
     "in " DIGITS ", "
     "NUMBERS below, and ends with 1 where it does not agree with them; where there is "
     "none it says that "
     "it was not run and ends with 69.",
     "import math\nimport sys\n\nimport numpy as np\n\n"
     "try:\n    import jax\n    import jax.numpy as jnp\n    import "
     "jax.scipy.special\nexcept ImportError:\n"
     "    if __name__ != \"__main__\":\n        raise\n"
     "    print(\"there is no jax here: the test was not run\", file=sys.stderr)\n"
     "    sys.exit(69)\n\n",
     FUNCTION_MODES, JAX_FORWARD, JAX_TEST},
};
