"""What Optuna's pruners decide about fixed curves: writes pruners.json beside this file.

Optuna 5.0.0, numpy. Run: python pruners.py
"""

import json
import pathlib
import random

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
EPOCHS = 27


def curve(random):
    """Losses that never rise, so that the best so far is the last one; no two are equal."""
    loss, losses = 1 + 0.1 * random.random(), []
    for _ in range(EPOCHS):
        loss *= 1 - 0.2 * random.random() ** 2
        losses.append(round(loss, 6))
    return losses


def median():
    """Trials that are judged against the same eleven whole ones, none of them against another."""
    randoms = random.Random(1)
    whole = [curve(randoms) for _ in range(11)]
    judged = [curve(randoms) for _ in range(20)]
    stopped = []
    for losses in judged:
        study = optuna.create_study(
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=4, interval_steps=2)
        )
        for other in whole:
            # Steps are counted from 0: step 4 comes after epoch 5.
            study.add_trial(
                optuna.trial.create_trial(
                    value=other[-1], intermediate_values=dict(enumerate(other))
                )
            )
        trial = study.ask()
        end = None
        for step, loss in enumerate(losses[:-1]):
            trial.report(loss, step)
            if end is None and trial.should_prune():
                end = step + 1
        stopped.append(end)
    return {"whole": whole, "judged": judged, "stopped": stopped}


def halving():
    """Trials that come one after the other."""
    randoms = random.Random(2)
    curves = [curve(randoms) for _ in range(60)]
    study = optuna.create_study(
        pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    )
    stopped = []
    for losses in curves:
        trial = study.ask()
        end = None
        for epoch, loss in enumerate(losses[:-1], start=1):
            trial.report(loss, epoch)
            if trial.should_prune():
                end = epoch
                break
        study.tell(trial, losses[(end or EPOCHS) - 1])
        stopped.append(end)
    return {"curves": curves, "stopped": stopped}


if __name__ == "__main__":
    content = {"optuna": optuna.__version__, "median": median(), "halving": halving()}
    file = pathlib.Path(__file__).with_suffix(".json")
    text = json.dumps(content, separators=(",", ":"))
    file.write_text(text.replace("],[", "],\n[") + "\n")
