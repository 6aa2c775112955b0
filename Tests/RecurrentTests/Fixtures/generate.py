#!/usr/bin/env python3
"""Makes models.json and losses.json beside it: what PyTorch computes for small recurrent models.

    python3 generate.py        (needs torch and numpy; written with torch 2, on the CPU)

Each case holds a plan, sequences, targets, initial parameters, logits, loss and every gradient, and
the final states, and a training trajectory of fifty steps with one optimizer: the losses and the
final parameters.
Lists run over sequences in the given order, steps in order within each.
"""
import json
import os

import numpy as np
import torch

torch.set_num_threads(1)
LENGTHS = [3, 5, 1, 4, 5]
VOCABULARY, EMBEDDING, CHANNELS, HIDDEN, OUTPUTS = 7, 3, 2, 5, 4

# Name of the case of OptimizerPlan, its arguments, PyTorch's class and arguments, the rate, the clip.
OPTIMIZERS = {
    "sgd": ({"momentum": 0, "weightDecay": 0, "nesterov": False}, torch.optim.SGD, {}, 0.1),
    "sgd-momentum": (
        {"momentum": 0.9, "weightDecay": 0.01, "nesterov": False},
        torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.01}, 0.05),
    "sgd-nesterov": (
        {"momentum": 0.8, "weightDecay": 0, "nesterov": True},
        torch.optim.SGD, {"momentum": 0.8, "nesterov": True}, 0.05),
    "rmsprop": (
        {"alpha": 0.99, "momentum": 0, "epsilon": 1e-8, "weightDecay": 0},
        torch.optim.RMSprop, {}, 0.01),
    "rmsprop-momentum": (
        {"alpha": 0.9, "momentum": 0.5, "epsilon": 1e-6, "weightDecay": 0.02},
        torch.optim.RMSprop,
        {"alpha": 0.9, "momentum": 0.5, "eps": 1e-6, "weight_decay": 0.02}, 0.002),
    "adam": (
        {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0},
        torch.optim.Adam, {}, 0.01),
    "adam-decay": (
        {"beta1": 0.8, "beta2": 0.99, "epsilon": 1e-6, "weightDecay": 0.03},
        torch.optim.Adam, {"betas": (0.8, 0.99), "eps": 1e-6, "weight_decay": 0.03}, 0.01),
    "adamw": (
        {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.01},
        torch.optim.AdamW, {}, 0.01),
}


class Written(torch.nn.Module):
    """One layer of a cell that PyTorch does not have, written out step by step."""

    def __init__(self, cell, width, option):
        super().__init__()
        self.cell, self.option = cell, option
        gates = {"rnn": 1, "lstm": 4, "gru": 3}[cell]
        panels = 4 if cell == "gru" and option != "before" else gates

        def parameter(*shape):
            return torch.nn.Parameter((torch.rand(*shape) * 2 - 1) / HIDDEN ** 0.5)
        self.weight_ih_l0 = parameter(gates * HIDDEN, width)
        self.weight_hh_l0 = parameter(gates * HIDDEN, HIDDEN)
        if option == "normalized":
            self.norm_weight_l0 = torch.nn.Parameter(torch.rand(panels, HIDDEN) + 0.5)
            self.norm_bias_l0 = parameter(panels, HIDDEN)
        else:
            self.bias_ih_l0 = parameter(gates * HIDDEN)
            self.bias_hh_l0 = parameter(gates * HIDDEN)
        if option == "peepholes":
            self.weight_peephole_l0 = parameter(3, HIDDEN)

    def normalize(self, panel, rows):
        return torch.nn.functional.layer_norm(
            rows, (HIDDEN,), self.norm_weight_l0[panel], self.norm_bias_l0[panel])

    def step(self, x, h, c):
        sigmoid, tanh, normalized = torch.sigmoid, torch.tanh, self.option == "normalized"
        if normalized:
            bias_ih = bias_hh = torch.zeros(self.weight_ih_l0.shape[0])
        else:
            bias_ih, bias_hh = self.bias_ih_l0, self.bias_hh_l0
        input_sums = (x @ self.weight_ih_l0.T + bias_ih).split(HIDDEN, 1)
        if self.option == "before":
            r_x, z_x, n_x = input_sums
            u_r, u_z, u_n = self.weight_hh_l0.split(HIDDEN)
            b_r, b_z, b_n = bias_hh.split(HIDDEN)
            r, z = sigmoid(r_x + h @ u_r.T + b_r), sigmoid(z_x + h @ u_z.T + b_z)
            n = tanh(n_x + (r * h) @ u_n.T + b_n)
            return (1 - z) * n + z * h, c
        state_sums = (h @ self.weight_hh_l0.T + bias_hh).split(HIDDEN, 1)
        if self.cell == "gru":
            r, z = (input_sums[0] + state_sums[0], input_sums[1] + state_sums[1])
            n_x, n_h = input_sums[2], state_sums[2]
            if normalized:
                n_x, r, z, n_h = (self.normalize(i, v) for i, v in enumerate((n_x, r, z, n_h)))
            r, z = sigmoid(r), sigmoid(z)
            n = tanh(n_x + r * n_h)
            return (1 - z) * n + z * h, c
        sums = [a + b for a, b in zip(input_sums, state_sums)]
        if normalized:
            sums = [self.normalize(i, v) for i, v in enumerate(sums)]
        if self.cell == "rnn":
            return tanh(sums[0]), c
        i, f, g, o = sums
        if self.option == "peepholes":
            p_i, p_f, p_o = self.weight_peephole_l0
            i, f = i + p_i * c, f + p_f * c
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        if self.option == "peepholes":
            o = o + p_o * c
        return sigmoid(o) * tanh(c), c

    def forward(self, rows):
        h = c = torch.zeros(len(LENGTHS), HIDDEN)
        states, memories = [], []
        for t in range(rows.shape[1]):
            h, c = self.step(rows[:, t], h, c)
            states.append(h)
            memories.append(c)
        return torch.stack(states, 1), torch.stack(memories, 1)


class Network(torch.nn.Module):
    def __init__(self, cell, nonlinearity, layers, readout, tokens, option):
        super().__init__()
        self.readout, self.cell, self.option = readout, cell, option
        if tokens:
            self.embedding = torch.nn.Embedding(VOCABULARY, EMBEDDING)
        width = EMBEDDING if tokens else CHANNELS
        arguments = {"num_layers": layers, "batch_first": True}
        if cell == "rnn":
            arguments["nonlinearity"] = nonlinearity
        if option == "bidirectional":
            arguments["bidirectional"] = True
        if option in (None, "bidirectional"):
            self.recurrent = getattr(torch.nn, cell.upper())(width, HIDDEN, **arguments)
        else:
            self.recurrent = Written(cell, width, option)
        self.head = torch.nn.Linear(HIDDEN * (2 if option == "bidirectional" else 1), OUTPUTS)

    def forward(self, padded):
        lengths = torch.tensor(LENGTHS)
        rows = self.embedding(padded) if hasattr(self, "embedding") else padded
        last = (torch.arange(len(LENGTHS)), lengths - 1)
        if isinstance(self.recurrent, Written):
            states, memories = self.recurrent(rows)
            self.final = [states[last][None], memories[last][None]][:2 if self.cell == "lstm" else 1]
        else:
            packed = torch.nn.utils.rnn.pack_padded_sequence(
                rows, lengths, batch_first=True, enforce_sorted=False)
            result, final = self.recurrent(packed)
            self.final = list(final) if self.cell == "lstm" else [final]
            states, _ = torch.nn.utils.rnn.pad_packed_sequence(result, batch_first=True)
        valid = torch.arange(max(LENGTHS))[None, :, None] < lengths[:, None, None]
        if self.readout == "last":
            features = states[last]
        elif self.readout == "mean":
            features = (states * valid).sum(1) / lengths[:, None]
        elif self.readout == "max":
            features = states.masked_fill(~valid, -torch.inf).max(1).values
        else:
            features = torch.cat([states[i, :n] for i, n in enumerate(LENGTHS)])
        return self.head(features)


def numbers(tensor):
    return [float("%.9g" % value) for value in np.asarray(tensor.detach()).ravel()]


def tensors(network, of=lambda parameter: parameter):
    return {name: numbers(of(parameter)) for name, parameter in network.named_parameters()}


def case(seed, cell, optimizer, readout="last", layers=1, tokens=True, nonlinearity="tanh", clip=None,
         option=None):
    torch.manual_seed(seed)
    network = Network(cell, nonlinearity, layers, readout, tokens, option)
    if tokens:
        padded = torch.randint(0, VOCABULARY - 1, (len(LENGTHS), max(LENGTHS)))
        plan_input = {"tokens": {"vocabulary": VOCABULARY, "embedding": EMBEDDING}}
        sequences = [padded[i, :n].tolist() for i, n in enumerate(LENGTHS)]
    else:
        padded = torch.randn(len(LENGTHS), max(LENGTHS), CHANNELS)
        plan_input = {"values": {"channels": CHANNELS}}
        sequences = [numbers(padded[i, :n]) for i, n in enumerate(LENGTHS)]
    count = sum(LENGTHS) if readout == "every" else len(LENGTHS)
    targets = torch.randint(0, OUTPUTS, (count,))
    targets[1] = -1
    arguments, kind, torch_arguments, rate = OPTIMIZERS[optimizer]

    def loss():
        logits = network(padded)
        return logits, torch.nn.functional.cross_entropy(logits, targets, ignore_index=-1)

    initial = tensors(network)
    logits, first = loss()
    first.backward()
    result = {
        "name": " ".join([cell, nonlinearity, readout, str(layers), optimizer] + [option] * bool(option)),
        "plan": {
            "input": plan_input, "cell": cell, "nonlinearity": nonlinearity, "hidden": HIDDEN,
            "layers": layers, "dropout": 0, "readout": readout, "outputs": OUTPUTS, "forgetBias": 1,
            "peepholes": option == "peepholes", "reset": "before" if option == "before" else "after",
            "isBidirectional": option == "bidirectional", "isResidual": False,
            "normalization": "layer" if option == "normalized" else "none", "recurrentDropout": 0,
            "isDropoutVariational": False, "isTied": False, "initializer": "uniform"},
        # [layers * directions, sequences, hidden], of h and of c.
        "states": [numbers(state) for state in network.final],
        "tokens" if tokens else "values": sequences,
        "targets": targets.tolist(),
        "parameters": initial,
        "logits": numbers(logits),
        "loss": float(first.detach()),
        "gradients": tensors(network, lambda parameter: parameter.grad),
        "optimizer": {optimizer.split("-")[0]: arguments},
        "rate": rate,
        "clip": {"norm": {"_0": clip}} if clip else {"none": {}},
    }
    stepper = kind(network.parameters(), lr=rate, **torch_arguments)
    losses = []
    for _ in range(50):
        stepper.zero_grad()
        _, value = loss()
        value.backward()
        if clip:
            torch.nn.utils.clip_grad_norm_(network.parameters(), clip)
        stepper.step()
        losses.append(float("%.9g" % float(value.detach())))
    result["losses"] = losses
    result["trained"] = tensors(network)
    return result


CASES = [
    case(1, "rnn", "sgd", readout="last"),
    case(2, "rnn", "rmsprop", readout="every", layers=2, tokens=False, nonlinearity="relu"),
    case(3, "lstm", "adam", readout="last", layers=2),
    case(4, "lstm", "adamw", readout="mean", tokens=False, clip=0.1),
    case(5, "gru", "adam", readout="every", layers=2),
    case(6, "gru", "sgd-momentum", readout="mean", tokens=False),
    case(7, "gru", "rmsprop-momentum", readout="last"),
    case(8, "lstm", "adam-decay", readout="every"),
    case(9, "rnn", "adamw", readout="mean", clip=0.2),
    case(10, "lstm", "sgd-nesterov", readout="max", layers=2, option="bidirectional"),
    case(11, "gru", "adam", readout="every", tokens=False, option="bidirectional"),
    case(12, "rnn", "sgd-momentum", readout="max", layers=2, option="bidirectional"),
    case(13, "lstm", "rmsprop", readout="mean", option="peepholes"),
    case(14, "gru", "adamw", readout="last", option="before"),
    case(15, "lstm", "adam", readout="last", tokens=False, option="normalized"),
    case(16, "gru", "sgd", readout="every", option="normalized"),
    case(17, "rnn", "sgd-nesterov", readout="last", option="normalized"),
]



def losses():
    """Values and gradients of the mean of each loss, and the rates of a one-cycle schedule."""
    functional = torch.nn.functional
    generator = torch.Generator().manual_seed(5)
    scores = torch.randn(5, 4, generator=generator) * 3
    classes = torch.tensor([2, -1, 0, 3, 2])
    weights = torch.tensor([0.5, 2.0, 1.0, 3.0])
    targets = torch.randn(5, 4, generator=generator)
    quantiles = torch.tensor([0.1, 0.5, 0.8, 0.95])

    def pinball(values):
        difference = targets - values
        return torch.maximum(quantiles * difference, (quantiles - 1) * difference).mean()

    def entropy(**options):
        return lambda values: functional.cross_entropy(values, classes, ignore_index=-1, **options)
    functions = {
        "plain": entropy(), "weights": entropy(weight=weights),
        "smoothing": entropy(label_smoothing=0.2),
        "both": entropy(weight=weights, label_smoothing=0.3),
        "squared": lambda values: functional.mse_loss(values, targets),
        "absolute": lambda values: functional.l1_loss(values, targets),
        "huber": lambda values: functional.huber_loss(values, targets, delta=0.7),
        "quantile": pinball,
        "binary": lambda values: functional.binary_cross_entropy_with_logits(
            values, (targets > 0).float()),
    }
    result = {
        "scores": numbers(scores), "classes": classes.tolist(), "weights": numbers(weights),
        "targets": numbers(targets), "quantiles": numbers(quantiles), "values": {}, "gradients": {}}
    for name, function in functions.items():
        values = scores.clone().requires_grad_()
        loss = function(values)
        loss.backward()
        result["values"][name] = float(loss.detach())
        result["gradients"][name] = numbers(values.grad)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps=20)
    result["oneCycle"] = []
    for _ in range(20):
        result["oneCycle"].append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(result["oneCycle"]) < 20:
            schedule.step()
    return result


if __name__ == "__main__":
    for name, content in (("models", CASES), ("losses", losses())):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".json")
        with open(path, "w") as file:
            json.dump(content, file, separators=(",", ":"))
            file.write("\n")
