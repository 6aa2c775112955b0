"""Compares Unroll's samplers with Optuna's on functions whose minimum is known.

Unroll runs as `unroll search run`, which speaks JSON lines; Optuna runs here. Both get the same
functions, seeds and numbers of trials, one trial at a time. deploy/compare-search sets all up.
"""

import argparse
import itertools
import json
import math
import statistics
import subprocess
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Callable

import numpy
import optuna


@dataclass(frozen=True)
class Problem:
    """A function of the parameters of a space: one loss or several, all better when less."""

    space: dict  # as a sweep file says it
    losses: Callable[[dict], list[float]]
    least: float  # what `regret` would be 0 at
    reference: tuple = ()  # of the hypervolume, if there are two losses

    @property
    def metrics(self):
        return ["loss", "second"][: len(self.reference) or 1]

    def regret(self, history):
        """How far the best of the losses so far is from the best there is."""
        if not self.reference:
            return min(losses[0] for losses in history) - self.least
        volume, end = 0.0, self.reference[1]
        for first, second in sorted(history):
            if first < self.reference[0] and second < end:
                volume += (self.reference[0] - first) * (end - second)
                end = second
        return self.least - volume


def branin(p):
    x, y = p["x"], p["y"]
    valley = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return [valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10]


def hartmann6(p):
    a = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14],
         [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]  # fmt: skip
    b = [[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
         [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]]  # fmt: skip
    x = [p[f"x{i}"] for i in range(6)]
    hills = (
        height * math.exp(-sum(a[k][i] * (x[i] - b[k][i] / 1e4) ** 2 for i in range(6)))
        for k, height in enumerate([1.0, 1.2, 3.0, 3.2])
    )
    return [-sum(hills)]


def rosenbrock4(p):
    x = [p[f"x{i}"] for i in range(4)]
    return [sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:]))]


def ackley10(p):
    # The last two are logarithmic: 1 is the best, a decade counts like 8 of the others.
    x = [p[f"x{i}"] for i in range(8)] + [8 * math.log10(p[f"x{i}"]) for i in (8, 9)]
    root = math.sqrt(sum(v * v for v in x) / 10)
    waves = sum(math.cos(2 * math.pi * v) for v in x) / 10
    return [20 + math.e - 20 * math.exp(-0.2 * root) - math.exp(waves)]


def conditional(p):
    # Three kinds with parameters of their own; the best point is of the kind that looks worst.
    if p["kind"] == "plain":
        return [0.4 + abs(p["width"] - 64) / 256]
    if p["kind"] == "gated":
        return [0.2 + (p["bias"] - 0.3) ** 2 + abs(p["width"] - 32) / 256]
    rate, layers = math.log10(p["rate"]) + 3.5, p["layers"] - 5
    return [rate**2 + layers**2 / 4 + abs(p["width"] - 200) / 256]


def zdt1(p):
    first = p["x0"]
    g = 1 + 9 * statistics.fmean(p[f"x{i}"] for i in range(1, 10))
    return [first, g * (1 - math.sqrt(first / g))]


def uniform(names, low, high):
    return {name: {"uniform": [low, high]} for name in names}


PROBLEMS = {
    "branin": Problem({"x": {"uniform": [-5, 10]}, "y": {"uniform": [0, 15]}}, branin, 0.397887),
    "hartmann6": Problem(
        uniform(["x0", "x1", "x2", "x3"], 0, 1)
        | {"x4": {"step": [0, 1, 0.01]}, "x5": {"log_uniform": [0.01, 1]}},
        hartmann6,
        -3.32237,
    ),
    "rosenbrock4": Problem(
        uniform(["x0", "x1", "x3"], -5, 10) | {"x2": {"int": [-5, 10]}}, rosenbrock4, 0
    ),
    "ackley10": Problem(
        uniform([f"x{i}" for i in range(5)], -32, 32)
        | {f"x{i}": {"int": [-32, 32]} for i in range(5, 8)}
        | {f"x{i}": {"log_uniform": [1e-3, 10]} for i in (8, 9)},
        ackley10,
        0,
    ),
    "conditional": Problem(
        {
            "kind": {"choice": ["plain", "gated", "deep"]},
            "width": {"int_log": [8, 512]},
            "bias": {"uniform": [-1, 1], "when": {"kind": "gated"}},
            "rate": {"log_uniform": [1e-5, 1e-1], "when": {"kind": "deep"}},
            "layers": {"int": [1, 8], "when": {"kind": "deep"}},
        },
        conditional,
        0,
    ),
    # The area between the best front, 1 − √x, and the reference.
    "zdt1": Problem(uniform([f"x{i}" for i in range(10)], 0, 1), zdt1, 9 + 2 / 3 + 1, (1.1, 10)),
}


class Unroll:
    """A search of Unroll in a process of its own."""

    def __init__(self, problem, sampler, seed, unroll):
        self.metrics = problem.metrics
        self.file = tempfile.NamedTemporaryFile("w", suffix=".yaml")
        objectives = [{"metric": name, "goal": "minimize"} for name in self.metrics]
        json.dump({"space": problem.space, "objectives": objectives}, self.file)  # JSON is YAML
        self.file.flush()
        options = ["--space", self.file.name, "--sampler", sampler, "--seed", str(seed)]
        self.process = subprocess.Popen(
            [unroll, "search", "run", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, message):
        print(json.dumps(message), file=self.process.stdin, flush=True)

    def ask(self):
        self.say({"ask": 1})
        for line in self.process.stdout:
            # What was told may be answered by an empty object, or not at all.
            if "params" in (answer := json.loads(line)):
                return answer["trial"], answer["params"]
        raise SystemExit(f"unroll search run ended with code {self.process.wait()}")

    def tell(self, trial, losses):
        self.say({"tell": {"trial": trial, "metrics": dict(zip(self.metrics, losses))}})

    def close(self):
        self.process.communicate()
        self.file.close()


class Optuna:
    """The same search with Optuna."""

    def __init__(self, problem, sampler, seed, _):
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.simplefilter("ignore")  # what is experimental is compared all the same
        samplers = {
            "random": lambda: optuna.samplers.RandomSampler(seed=seed),
            "tpe": lambda: optuna.samplers.TPESampler(seed=seed),
            "gp": lambda: optuna.samplers.GPSampler(seed=seed),
            "sobol": lambda: optuna.samplers.QMCSampler(scramble=True, seed=seed),
        }
        self.space = problem.space
        self.study = optuna.create_study(
            sampler=samplers[sampler](), directions=["minimize"] * len(problem.metrics)
        )

    def ask(self):
        trial = self.study.ask()
        params = {}
        for name, description in self.space.items():
            when = description.get("when", {})
            if all(params.get(other) == value for other, value in when.items()):
                params[name] = self.suggest(trial, name, description)
        return trial, params

    @staticmethod
    def suggest(trial, name, description):
        match description:
            case {"choice": values}:
                return trial.suggest_categorical(name, values)
            case {"uniform": [low, high]}:
                return trial.suggest_float(name, low, high)
            case {"log_uniform": [low, high]}:
                return trial.suggest_float(name, low, high, log=True)
            case {"int": [low, high]}:
                return trial.suggest_int(name, low, high)
            case {"int_log": [low, high]}:
                return trial.suggest_int(name, low, high, log=True)
            case {"step": [low, high, step]}:
                return trial.suggest_float(name, low, high, step=step)

    def tell(self, trial, losses):
        self.study.tell(trial, losses)

    def close(self):
        pass


def run(library, problem, sampler, seed, options):
    """One search: its regret, and the milliseconds that a suggestion takes as a rule."""
    problem = PROBLEMS[problem]
    search = library(problem, sampler, seed, options.unroll)
    history, seconds = [], []
    for _ in range(options.trials):
        start = time.perf_counter()
        trial, params = search.ask()
        seconds.append(time.perf_counter() - start)
        history.append(problem.losses(params))
        search.tell(trial, history[-1])
    search.close()
    return problem.regret(history), 1000 * statistics.median(seconds)


def interval(ours, theirs):
    """A bootstrap interval (95 %) of the difference of the medians."""
    random = numpy.random.default_rng(0)

    def medians(values):
        return numpy.median(random.choice(values, (10_000, len(values))), axis=1)

    return numpy.quantile(medians(ours) - medians(theirs), [0.025, 0.975])


def main():
    parser = argparse.ArgumentParser(prog="deploy/compare-search", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--samplers", default="tpe,gp,random,sobol")
    parser.add_argument("--problems", default=",".join(PROBLEMS))
    parser.add_argument("--jobs", type=int, default=1, help="searches at one time")
    parser.add_argument("--unroll", default="unroll", help="the command")
    parser.add_argument("--json", metavar="FILE", help="where to write every regret")
    options = parser.parse_args()

    print(f"Regret after {options.trials} trials, median of {options.seeds} seeds; less is better.")
    row = "{:<12} {:<8} {:>9} {:>9}  {:<24} {:<9} {:>8} {:>9}"
    titles = ["function", "sampler", "Unroll", "Optuna", "difference (95 %)", "Unroll is"]
    print(row.format(*titles, "ms/ask", "Optuna's"))
    regrets = []
    with ProcessPoolExecutor(options.jobs) as pool:
        for problem, sampler in itertools.product(
            options.problems.split(","), options.samplers.split(",")
        ):
            futures = [
                [
                    pool.submit(run, library, problem, sampler, seed, options)
                    for seed in range(options.seeds)
                ]
                for library in (Unroll, Optuna)
            ]
            results = [[future.result() for future in searches] for searches in futures]
            ours, theirs = ([regret for regret, _ in searches] for searches in results)
            times = [statistics.median(time for _, time in searches) for searches in results]
            low, high = interval(ours, theirs)
            cells = [problem, sampler]
            cells += [f"{statistics.median(values):.4g}" for values in (ours, theirs)]
            cells += [f"{low:+.3g} … {high:+.3g}"]
            cells += ["better" if high < 0 else "worse" if low > 0 else "level"]
            print(row.format(*cells, *(f"{time:.2f}" for time in times)), flush=True)
            regrets.append(
                {"problem": problem, "sampler": sampler, "unroll": ours, "optuna": theirs}
            )
    if options.json:
        with open(options.json, "w") as file:
            json.dump(regrets, file)


if __name__ == "__main__":
    main()
