"""Writes importance.json: a history, and the importances that Optuna's PED-ANOVA finds in it.

Needs optuna (5.0.0 wrote what is here) and numpy.
"""

import json
import math
import pathlib
import warnings

import numpy
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

# The same space is in ImportanceTests.swift. No value lies in the middle of two cells of a logarithmic
# grid (4 of 2 to 8 would): where Optuna's rounding puts such a one is chance.
SPACE = {
    "cell": CategoricalDistribution(["rnn", "lstm", "gru"]),
    "dropout": FloatDistribution(0.0, 0.6, step=0.1),
    "hidden": IntDistribution(2, 9, log=True),
    "layers": IntDistribution(1, 4),
    "momentum": FloatDistribution(0.5, 1.0),
    "peephole": CategoricalDistribution([True, False]),
    "rate": FloatDistribution(1e-4, 1e-1, log=True),
    "window": IntDistribution(16, 1024, step=16),
}


def draw(random, distribution):
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[random.integers(len(distribution.choices))]
    low, high = distribution.low, distribution.high
    if isinstance(distribution, IntDistribution):
        step = distribution.step
        return int(low + step * random.integers((high - low) // step + 1))
    if distribution.log:
        return float(f"{math.exp(random.uniform(math.log(low), math.log(high))):.6g}")
    if distribution.step:
        return round(low + distribution.step * int(random.integers(7)), 1)
    return round(random.uniform(low, high), 4)


def loss(params, random):
    rate = (math.log10(params["rate"]) + 2.5) ** 2
    cell = {"rnn": 1.0, "lstm": 0.0, "gru": 0.1}[params["cell"]]
    gates = 0.3 * params.get("peephole", 0)
    hidden = 2 / params["hidden"]
    return round(rate + cell + gates + hidden + 0.3 * random.normal(), 4)


def history():
    random = numpy.random.default_rng(1)
    for _ in range(90):
        params = {name: draw(random, distribution) for name, distribution in SPACE.items()}
        if params["cell"] != "lstm":
            del params["peephole"]
        yield {"params": params, "loss": loss(params, random)}


def importance(trials, quantile):
    study = optuna.create_study()
    for trial in trials:
        distributions = {name: SPACE[name] for name in trial["params"]}
        study.add_trial(
            optuna.trial.create_trial(
                params=trial["params"], distributions=distributions, value=trial["loss"]
            )
        )
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=quantile)
    return optuna.importance.get_param_importances(study, evaluator=evaluator)


warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.WARNING)
trials = list(history())
cases = [
    {"trials": count, "quantile": quantile, "importance": importance(trials[:count], quantile)}
    for count, quantile in [(90, 0.1), (90, 0.5), (40, 0.1), (7, 0.2), (2, 0.1), (1, 0.1)]
]
lines = ",\n".join(json.dumps(trial) for trial in trials)
found = ",\n".join(json.dumps(case) for case in cases)
path = pathlib.Path(__file__).with_name("importance.json")
path.write_text(f'{{"trials": [\n{lines}\n], "cases": [\n{found}\n]}}\n')
