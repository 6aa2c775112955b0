"""Compares exports of trained models with `unroll predict`.

deploy/compare-exports sets all up. For each trial: inputs are drawn that suit its plan, `unroll predict`
answers them, and so do the ONNX file in onnxruntime and the PyTorch script.
"""

import argparse
import datetime
import importlib.util
import json
import math
import random
import subprocess
import sys
from pathlib import Path

import numpy
import onnx
import onnxruntime
import safetensors.torch
import torch

TOLERANCE = 1e-5
# Products of bf16 are rounded in the program and not in an export.
ROUNDED = 0.05

# The cells, as a sweep file says them.
CELLS = {
    "rnn": "cell: rnn",
    "rnn relu": "cell: rnn, nonlinearity: relu",
    "lstm": "cell: lstm",
    "lstm peepholes": "cell: lstm, peepholes: true",
    "gru": "cell: gru",
    "gru reset before": "cell: gru, reset: before",
}
SHAPES = "layers: 1", "layers: 2, bidirectional: true, residual: true, dropout: 0.2"
# What is done to a series around a model.
FORECASTS = (
    "log: log",
    "difference: first, log: log1p",
    "difference: seasonal, season: 5",
    "calendar: [hour, weekday, month]",
    "strategy: recursive",
    "strategy: recursive, difference: seasonal, season: 2, log: log, calendar: [month, hour]",
)
BEGINNING = datetime.datetime(2016, 2, 21, 20, 26, 40)


def moment(step):
    """The time of a step of a series, over the end of a leap year's February."""
    return (BEGINNING + datetime.timedelta(hours=3 * step)).isoformat()


def unroll(*arguments, given=None):
    """What a run of the command prints."""
    run = subprocess.run(["unroll", *arguments], input=given, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"unroll {' '.join(arguments)}: {run.stderr}")
    return run.stdout


# Training


def data(folder):
    """Datasets of each task."""
    draw = random.Random(1)
    words = "see you at seven Free PRIZE claim now! it's Ärger naïve हिन्दी call 0906 later 🙂".split()
    with open(folder / "messages.tsv", "w", encoding="utf-8") as file:
        for index in range(300):
            text = draw.choices(words, k=draw.randint(1, 14)) + ["WINNER"] * (index % 3 == 0)
            label = "spam" if index % 3 == 0 else "other" if index % 5 == 0 else "ham"
            file.write(f"{label}\t{' '.join(text)} {index}\n")
    unroll("dataset", "import", str(folder / "messages.tsv"), "--name", "messages",
           "--format", "tsv", "--label", "1", "--text", "2")  # fmt: skip
    with open(folder / "series.csv", "w", encoding="utf-8") as file:
        for step in range(400):
            file.write(f"{300 + 40 * math.sin(step / 6) + step / 4},{math.cos(step / 5)}\n")
    unroll("dataset", "import", str(folder / "series.csv"), "--name", "series",
           "--format", "csv", "--values", "1-2")  # fmt: skip
    for name, hasGaps in ("hourly", False), ("gaps", True):
        with open(folder / f"{name}.csv", "w", encoding="utf-8") as file:
            file.write("time,load,heat,wind\n")
            for step in range(400):
                load, heat = 300 + 40 * math.sin(step / 6) + step / 4, 20 + 5 * math.cos(step / 5)
                isGap = hasGaps and step * step % 11 == 3
                file.write(f"{moment(step)},{'' if isGap else load},"
                           f"{'' if hasGaps and step % 13 == 5 else heat},{2 + step % 7}\n")  # fmt: skip
        unroll("dataset", "import", str(folder / f"{name}.csv"), "--name", name, "--format", "csv",
               "--time", "time", "--values", "load,heat,wind", "--missing", "keep")  # fmt: skip
    with open(folder / "sensors.ts", "w", encoding="utf-8") as file:
        file.write("@problemName sensors\n@classLabel true odd even\n@data\n")
        for row in range(120):
            steps = range(4 + row % 9)
            heat = ["?" if (row + 3 * step) % 7 == 2 else f"{draw.gauss(row % 2, 1):.4f}" for step in steps]
            wind = [f"{draw.random():.4f}" for _ in steps]
            file.write(f"{','.join(heat)}:{','.join(wind)}:{'odd' if row % 2 else 'even'}\n")
    unroll("dataset", "import", str(folder / "sensors.ts"), "--name", "sensors", "--format", "ts",
           "--missing", "keep")  # fmt: skip
    (folder / "text.txt").write_text("the quick brown fox, jümps over the lazy dog. " * 60)
    unroll("dataset", "import", str(folder / "text.txt"), "--name", "text", "--format", "text")
    for task in ("adding", "temporal-order", "copy"):
        length = "4" if task == "copy" else "24"
        unroll("dataset", "generate", task, "--length", length, "--count", "120", "--name", task)


def sweep(dataset, model, training=""):
    """Trains one model and returns the number of its trial."""
    text = f"dataset: {{{dataset}}}\nmodel: {{{model}}}\n"
    text += f"training: {{epochs: 2, batch: 16, rate: 0.02{training}}}\ntrials: 1\nsearch: random\n"
    text += "objective: {metric: loss, goal: minimize}\n"
    return json.loads(unroll("enqueue", "-", "--json", given=text))[0]["id"]


def train(folder):
    """Models of every kind; returns the numbers of their trials."""
    data(folder)
    sweeps = []
    for cell in CELLS.values():
        for shape in SHAPES:
            for norm in ("none", "layer"):
                model = f"{cell}, {shape}, normalization: {norm}, hidden: 11"
                for readout, dataset in (
                    ("last", "name: messages, max_length: 12, keep: end"),
                    ("mean", "name: adding"),
                    ("max", "name: temporal-order"),
                    ("every", "name: copy"),
                ):
                    embedding = "" if dataset == "name: adding" else ", embedding: 7"
                    sweeps.append(sweep(dataset, f"{model}, readout: {readout}{embedding}"))
        tied = f"{cell}, hidden: 12, embedding: 12, tied: true"
        sweeps.append(sweep("name: text, max_length: 16", tied))
        sweeps.append(sweep("name: series, window: 20, horizon: 3", f"{cell}, hidden: 12"))
    sweeps.append(sweep("name: messages", "cell: lstm, hidden: 32", ", precision: bf16"))
    for dataset in "name: messages", "name: text, max_length: 16":
        sweeps.append(sweep(dataset, "cell: gru, hidden: 12", ", loss: binary"))
    for name in "hourly", "gaps":
        series = f"name: {name}, window: 12, horizon: 5, target: load"
        for preparation in FORECASTS:
            sweeps.append(sweep(f"{series}, {preparation}", "cell: gru, hidden: 12, layers: 2"))
        sweeps.append(sweep(f"{series}, difference: first", "cell: lstm, hidden: 12, normalization: layer",
                            ", quantiles: [0.1, 0.4, 0.9]"))  # fmt: skip
        sweeps.append(sweep(f"{series}, strategy: recursive", "cell: lstm, hidden: 12, normalization: layer"))
    for missing in "mask", "last", "zero":
        sweeps.append(sweep(f"name: sensors, missing: {missing}", "cell: lstm, hidden: 12"))
    for number in sweeps:
        unroll("watch", str(number))
    listed = ",".join(map(str, sweeps))
    rows = unroll("sql", "--values", "select trial_id from unroll.leaderboard "
                  f"where sweep_id in ({listed}) order by trial_id")  # fmt: skip
    trials = [int(row) for row in rows.split()]
    if len(trials) != len(sweeps):
        sys.exit(f"{len(trials)} of {len(sweeps)} models were trained")
    return trials


# Comparing


def inputs(document, vocabulary):
    """Lines that the model of a plan can answer, of all lengths."""
    draw = random.Random(7)
    encoding = document["encoding"]
    if "tokens" in encoding:
        known = [token for token in vocabulary[2:] if token.strip()]
        strange = ["Grüße, STRAẞE!", "don't 12ab", "\u0939\u093f\u0928\u094d\u0926\u0940 ok", "İstanbul ⅷ",
                   "x\u00a0y\u3000z", "🙂🙂 a_b", "…"]  # fmt: skip
        lines = [" ".join(draw.choices(known, k=1 + n)) for n in range(24)] + strange
        return [line.upper() if n % 4 == 0 else line for n, line in enumerate(lines)]
    if "channels" in encoding:
        forecast, scale = encoding.get("forecast"), encoding["input_scale"]
        least = encoding["maximum_length"] + forecast.get("period", 0) if forecast else 1
        calendar = encoding.get("features", {}).get("calendar")
        hasGaps = "features" in encoding or document["plan"]["data"].get("missing") == "zero"
        lines = []
        for steps in range(least, least + 32):
            words = []
            for step in range(steps):
                words += [moment(7 * steps + step)] if calendar else []
                for mean, deviation in zip(scale["means"], scale["deviations"]):
                    value = draw.gauss(mean, deviation)
                    if forecast and ("period" in forecast or forecast["logarithm"] != "none"):
                        # The scale is that of differences or logarithms, which want what lies above 0.
                        value = draw.uniform(5, 400)
                    words.append("nan" if hasGaps and draw.random() < 0.2 else f"{value:.6g}")
            if calendar and forecast["is_recursive"]:
                words += [moment(7 * steps + steps + step) for step in range(forecast["horizon"])]
            lines.append(" ".join(words))
        return lines
    size = encoding["vocabulary_size"]
    return [" ".join(str(draw.randrange(size)) for _ in range(n)) for n in range(1, 33)]


def numbers(answers, task):
    """All that answers say, as numbers or words."""
    if task == "tag":
        return [step for answer in answers for step in answer["steps"]]
    if task == "forecast" and "quantiles" in answers[0]:
        return [number for answer in answers for step in answer["quantiles"] for number in step]
    if task in ("regress", "forecast"):
        return [number for answer in answers for number in answer["numbers"]]
    return [one["probability"] for answer in answers for one in answer["probabilities"]]


def difference(left, right):
    """The largest difference, relative to what is larger than 1; of words, whether there is any."""
    assert len(left) == len(right), f"{len(left)} and {len(right)} numbers"
    if left and isinstance(left[0], str):
        return 0.0 if left == right else math.inf
    return max(abs(a - b) / max(1.0, abs(b)) for a, b in zip(left, right))


def seconds(time):
    """The seconds since 1970 of a time without a zone."""
    return int(datetime.datetime.fromisoformat(time).replace(tzinfo=datetime.timezone.utc).timestamp())


def run_onnx(path, script, lines, document, vocabulary):
    """The answers of the ONNX file, with the names of `unroll predict --json`."""
    onnx.checker.check_model(str(path), full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    encoding, task = document["encoding"], document["encoding"]["task"]
    named = {one.name for one in session.get_inputs()}
    name = session.get_inputs()[0].name
    times, following = [], []
    if name == "tokens":
        rows = [script.encode(line).numpy() for line in lines]
    else:
        words = [line.split() for line in lines]
        if "following" in named:
            ahead = encoding["forecast"]["horizon"]
            following = [[seconds(word) for word in line[-ahead:]] for line in words]
            words = [line[:-ahead] for line in words]
        width = len(encoding["channels"])
        if "times" in named:
            times = [[seconds(word) for word in line[:: 1 + width]] for line in words]
            words = [[word for place, word in enumerate(line) if place % (1 + width)] for line in words]
        rows = [numpy.array(line, dtype=numpy.float32).reshape(-1, width) for line in words]
        # A forecast finds the end of a series itself.
        cut = None if task == "forecast" else encoding.get("maximum_length")
        if cut:
            rows = [row[-cut:] if encoding["keep"] == "end" else row[:cut] for row in rows]
    answers = []
    # In batches of several sizes: both axes are free.
    start, size = 0, 1
    while start < len(rows):
        part, first = rows[start : start + size], start
        start, size = start + size, size + 4
        lengths = numpy.array([len(row) for row in part], dtype=numpy.int64)
        # One step more than needed, of what must not matter.
        shape = (len(part), lengths.max() + 1, *part[0].shape[1:])
        padded = numpy.full(shape, 1, dtype=part[0].dtype)
        for index, row in enumerate(part):
            padded[index, : len(row)] = row
        given = {name: padded, "lengths": lengths}
        if times:
            given["times"] = numpy.zeros(shape[:2], dtype=numpy.int64)
            for index, row in enumerate(times[first : first + len(part)]):
                given["times"][index, : len(row)] = row
        if following:
            given["following"] = numpy.array(following[first : first + len(part)], dtype=numpy.int64)
        found = session.run(None, given)
        if "quantiles" in encoding.get("forecast", {}):
            answers += [{"quantiles": row.tolist()} for row in found[1]]
            continue
        result = found[0]
        for row, length in zip(result, lengths):
            if task == "tag":
                answers.append({"steps": [encoding["labels"][i] for i in row[:length].argmax(-1)]})
            elif task in ("regress", "forecast"):
                answers.append({"numbers": row.tolist()})
            else:
                row = row[length - 1] if task == "language" else row
                order = numpy.argsort(-row, kind="stable")[:10] if task == "language" else range(len(row))
                answers.append({"probabilities": [{"probability": float(row[i])} for i in order]})
    return answers


def go_on(trial, line, encoding, path):
    """What `unroll predict` says after the end of a series with times."""
    words, width = line.split(), 1 + len(encoding["channels"])
    if encoding["forecast"]["is_recursive"]:
        # It finds the times that follow itself.
        words = words[: -encoding["forecast"]["horizon"]]
    rows = [["time", *encoding["channels"]]]
    rows += [words[start : start + width] for start in range(0, len(words), width)]
    path.write_text("\n".join(",".join(row).replace("nan", "") for row in rows) + "\n")
    answers = unroll("predict", "--trial", str(trial), "--json", "--file", str(path)).splitlines()
    return {"numbers": [json.loads(answer)["prediction"] for answer in answers]}


def compare(trial, folder):
    """The largest differences of both exports of a trial."""
    folder.mkdir(parents=True)
    unroll("export", str(trial), "--format", "onnx", "-o", str(folder / "model.onnx"))
    unroll("export", str(trial), "--format", "pytorch", "-o", str(folder))
    document = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    path = folder / "vocabulary.json"
    vocabulary = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    lines = inputs(document, vocabulary)
    (folder / "inputs.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if document["encoding"].get("features", {}).get("calendar"):
        ours = [go_on(trial, line, document["encoding"], folder / "series.csv") for line in lines]
    else:
        ours = json.loads(
            unroll("predict", "--trial", str(trial), "--json", "--file", str(folder / "inputs.txt")))
        assert [answer["input"] for answer in ours] == lines
    task = document["encoding"]["task"]
    spec = importlib.util.spec_from_file_location(f"model_{trial}", folder / "model.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    torch.manual_seed(0)
    theirs = script.predict(script.load(), lines)
    for answer, other in zip(ours, theirs):
        if "label" in answer and task == "classify":
            assert answer["label"] == other["label"], answer["input"]
    expected = numbers(ours, task)
    exported = run_onnx(folder / "model.onnx", script, lines, document, vocabulary)
    return document, difference(numbers(theirs, task), expected), difference(numbers(exported, task), expected)


def describe(document):
    network = document["network"]
    parts = [network["cell"]]
    if network["cell"] == "rnn":
        parts.append(network["nonlinearity"])
    for name, value in (("peepholes", True), ("is_bidirectional", True), ("is_residual", True),
                        ("is_tied", True), ("normalization", "layer"), ("reset", "before"),
                        ("precision", "bf16")):  # fmt: skip
        if network.get(name) == value and (name != "reset" or network["cell"] == "gru"):
            parts.append(name.removeprefix("is_") if value is True else value)
    if document["plan"]["training"].get("loss") == "binary":
        parts.append("loss binary")
    text = f"{', '.join(parts)}; {network['layers']} x {network['hidden']}; {network['readout']}"
    done = [f"{key}: {document['plan']['data'][key]}"
            for key in ("missing", "logarithm", "difference", "calendar", "strategy", "quantiles")
            if key in document["plan"]["data"]]  # fmt: skip
    return "; ".join([text, *done])


def command_line(folder):
    """The script as a person runs it says what `unroll predict --json` says."""
    lines = (folder / "inputs.txt").read_text(encoding="utf-8").splitlines()
    run = [sys.executable, str(folder / "model.py"), "--file", str(folder / "inputs.txt")]
    rows = json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout)
    return [row["input"] for row in rows] == lines


# The other way


class Classifier(torch.nn.Module):
    """A module of torch with names of its own."""

    def __init__(self, cell, vocabulary):
        super().__init__()
        self.words = torch.nn.Embedding(vocabulary, 7)
        self.core = getattr(torch.nn, cell.upper())(7, 9, num_layers=2, bidirectional=True, batch_first=True)
        self.out = torch.nn.Linear(18, 3)


def bring_in(folder):
    """Weights that torch drew begin a sweep unchanged; returns the largest difference."""
    largest = 0.0
    row = json.loads(unroll("sql", "--json", "select facts ->> 'vocabulary' as size from unroll.sweeps "
                            "where dataset = 'messages' order by id limit 1"))[0]  # fmt: skip
    for cell in ("rnn", "lstm", "gru"):
        torch.manual_seed(1)
        network = Classifier(cell, int(row["size"]))
        path = folder / f"torch-{cell}.safetensors"
        safetensors.torch.save_file(network.state_dict(), path)
        unroll("weights", "import", str(path))
        number = sweep(
            "name: messages, max_length: 12, keep: end",
            f"cell: {cell}, layers: 2, bidirectional: true, hidden: 9, embedding: 7, "
            f"initial: weights/torch-{cell}",
            ", optimizer: sgd, keep_initial: true")  # fmt: skip
        unroll("watch", str(number))
        trial = unroll("sql", "--values", f"select trial_id from unroll.leaderboard where sweep_id = {number}")
        target = folder / f"initial-{cell}.safetensors"
        unroll("artifact", "get", trial.strip(), "initial.safetensors", "-o", str(target))
        ours = safetensors.torch.load_file(target)
        for name, tensor in network.state_dict().items():
            module, _, rest = name.partition(".")
            new = {"words": "embedding", "core": "recurrent", "out": "head"}[module] + "." + rest
            largest = max(largest, float((ours[new] - tensor).abs().max()))
    return largest


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trials", nargs="*", type=int)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--train", action="store_true", help="train models of every kind first")
    arguments = parser.parse_args()
    trials = arguments.trials + (train(arguments.folder) if arguments.train else [])
    print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}, torch {torch.__version__}")
    print(f"{'trial':>5}  {'task':<9} {'PyTorch':>8} {'ONNX':>8}  model")
    failures, seen = 0, set()
    for trial in trials:
        folder = arguments.folder / f"trial-{trial}"
        document, script, exported = compare(trial, folder)
        task = document["encoding"]["task"]
        if task not in seen:
            seen.add(task)
            failures += not command_line(folder)
        limit = ROUNDED if document["network"].get("precision") == "bf16" else TOLERANCE
        isBad = not max(script, exported) <= limit
        failures += isBad
        print(f"{trial:>5}  {task:<9} {script:>8.1e} {exported:>8.1e}  {describe(document)}"
              + ("  FAILED" if isBad else ""))  # fmt: skip
    if arguments.train:
        largest = bring_in(arguments.folder)
        failures += largest > 0
        print(f"weights from torch, as a sweep begins with them: largest difference {largest}")
    print(f"{len(trials)} models, {failures} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
