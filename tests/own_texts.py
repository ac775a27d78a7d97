#!/usr/bin/python3 -B
"""`normlab check` of equations that nobody thought of before: the oracles know what the language says."""

from program import case, check, main

# Each has what once was no normalizer's: cells of all and of lattices, cells by other names, no rounding at all, means without
# variances, no x, states of states, ranges of parameters without which there is no value, evaluation that is another function of the same cells.
TEXTS = (
    "y = x - mean(x over all)",
    "y = x - mean(x over batch)",
    "y = x - mean(x over bn) + mean(x over gn(2))",
    "y = 2 * x + mean(x over lattice(batch=2, size=2))",
    "p[all] = parameter(1/3, std=0.1); q[gn(2)] = parameter(1, decay=yes); y = p * x + q",
    "y = x",
    "y = max(x, beta)",
    "y = train(x - mean(x over layer)) else x / 2",
    "y = (train(1) else 2) * (x - mean(x over layer))",
    "y = x - mean(-(x - mean(x over layer))^2 over layer)",
    "y = x * count(position) / sum(2 over position)",
    "c = mean((x - mean(x over instance)) * mean(x over position) over instance); y = x * abs(c)",
    "c = parameter(1) in [0.01, 100]; y = x / sqrt(x^2 + c)",
    "k = parameter(55) in [50, 60]; y = (x - mean(x over layer)) * sqrt(log(k / 49))",
    "m = running(mean(x over batch)); v = running(mean((x - m)^2 over batch), start=1); "
    "y = gamma * (train(x - mean(x over batch)) else (x - m) / sqrt(v + eps)) + beta",
)


@case("oracle")
def restated(place):
    for text in TEXTS:
        code, out, err = place.run("check", "zf", "--let", f"zf: {text}", "--case", "zf.4x4x3x3.*,zf.16x8.*,zf.4x8x5.loops-*")
        check(code == 0 and b" 0 failed, 0 inconclusive" in out, f"{text}: exit code {code}: {(out[-900:] + err).decode()}")


@case("fault")
def evaluation(place):
    """Evaluation has samples in any number: blocks that do not divide them are a line, and no broken promise."""
    text = "zf: y = train(x - mean(x over layer)) else x - mean(x over ghost(3))"
    _, _, err = place.run("run", "batch-size", "--quick", "batch=6", "samples=12", "images=36", "epochs=1", "seed=1",
                          "norm=zf", "--let", text)
    check(b"ghost(3): blocks of 3 samples do not divide" in err and b"REQUIRE" not in err, err.decode())


if __name__ == "__main__":
    main()
