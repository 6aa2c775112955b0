"""Writes tpe.json: log densities of Optuna 5.0's Parzen estimators, for TPEDensityTests.

    python tpe.py > tpe.json
"""

import json

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe import parzen_estimator, sampler

assert optuna.__version__ == "5.0.0"

# Which of equal values has which neighbour is open with numpy's default sort; here, the older one
# comes first.
unstable = np.argsort
np.argsort = lambda a, *args, **kwargs: unstable(a, *args, **{**kwargs, "kind": "stable"})

AXES = {
    "uniform": ([-1.0, 3.0], FloatDistribution(-1.0, 3.0)),
    "log_uniform": ([1e-5, 0.1], FloatDistribution(1e-5, 0.1, log=True)),
    "int": ([3, 40], IntDistribution(3, 40)),
    "int_log": ([1, 512], IntDistribution(1, 512, log=True)),
    "step": ([0.0, 0.9, 0.1], FloatDistribution(0.0, 0.9, step=0.1)),
    "int_step": ([16, 128, 16], IntDistribution(16, 128, step=16)),
    "choice": (["a", "b", "c"], CategoricalDistribution(["a", "b", "c"])),
}
CASES = [[name] for name in AXES] + [
    ["uniform", "log_uniform"],
    ["uniform", "choice"],
    list(AXES),
]


def draw(random, distribution, count):
    if isinstance(distribution, CategoricalDistribution):
        return random.integers(0, len(distribution.choices), count).astype(float)
    low, high = distribution.low, distribution.high
    if distribution.log:
        values = np.exp(random.uniform(np.log(low), np.log(high), count))
    else:
        values = random.uniform(low, high, count)
    if distribution.step is not None:
        values = low + np.round((values - low) / distribution.step) * distribution.step
    # Twelve digits read back as the same number everywhere.
    return np.array([float(f"{value:.12g}") for value in values])


def case(names, count, random):
    space = {name: AXES[name][1] for name in names}
    seen = {name: draw(random, space[name], count) for name in names}
    points = {name: draw(random, space[name], 5) for name in names}
    parameters = parzen_estimator._ParzenEstimatorParameters(
        prior_weight=1.0, consider_magic_clip=True, consider_endpoints=False,
        weights=sampler.default_weights, multivariate=True)
    estimator = parzen_estimator._ParzenEstimator(seen, space, parameters)
    return {
        "axes": [{"kind": name, "arguments": AXES[name][0]} for name in names],
        "seen": [[float(seen[name][i]) for name in names] for i in range(count)],
        "points": [[float(points[name][i]) for name in names] for i in range(5)],
        "densities": [float(f"{x:.12g}") for x in estimator.log_pdf(points)],
    }


random = np.random.default_rng(1)
cases = [case(names, count, random) for names in CASES for count in (0, 1, 2, 7, 26, 40)]
cases += [case(names, 130, random) for names in (["int_log"], list(AXES))]
print("[" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "]")
