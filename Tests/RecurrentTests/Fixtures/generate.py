#!/usr/bin/env python3
"""Makes models.json beside it: what PyTorch computes for small recurrent models.

    python3 generate.py        (needs torch and numpy; written with torch 2, on the CPU)

Each case holds a plan, sequences, targets, initial parameters, logits, loss and every gradient, and
a training trajectory of ten steps with one optimizer: the losses and the final parameters.
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
    "sgd": ({"momentum": 0, "weightDecay": 0}, torch.optim.SGD, {}, 0.1),
    "sgd-momentum": (
        {"momentum": 0.9, "weightDecay": 0.01},
        torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.01}, 0.05),
    "rmsprop": (
        {"alpha": 0.99, "momentum": 0, "epsilon": 1e-8, "weightDecay": 0},
        torch.optim.RMSprop, {}, 0.01),
    "rmsprop-momentum": (
        {"alpha": 0.9, "momentum": 0.5, "epsilon": 1e-6, "weightDecay": 0.02},
        torch.optim.RMSprop,
        {"alpha": 0.9, "momentum": 0.5, "eps": 1e-6, "weight_decay": 0.02}, 0.01),
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


class Network(torch.nn.Module):
    def __init__(self, cell, nonlinearity, layers, readout, tokens):
        super().__init__()
        self.readout = readout
        if tokens:
            self.embedding = torch.nn.Embedding(VOCABULARY, EMBEDDING)
        width = EMBEDDING if tokens else CHANNELS
        arguments = {"num_layers": layers, "batch_first": True}
        if cell == "rnn":
            arguments["nonlinearity"] = nonlinearity
        self.recurrent = getattr(torch.nn, cell.upper())(width, HIDDEN, **arguments)
        self.head = torch.nn.Linear(HIDDEN, OUTPUTS)

    def forward(self, padded):
        lengths = torch.tensor(LENGTHS)
        rows = self.embedding(padded) if hasattr(self, "embedding") else padded
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            rows, lengths, batch_first=True, enforce_sorted=False)
        states, _ = torch.nn.utils.rnn.pad_packed_sequence(
            self.recurrent(packed)[0], batch_first=True)
        if self.readout == "last":
            features = states[torch.arange(len(LENGTHS)), lengths - 1]
        elif self.readout == "mean":
            features = states.sum(1) / lengths[:, None]
        else:
            features = torch.cat([states[i, :n] for i, n in enumerate(LENGTHS)])
        return self.head(features)


def numbers(tensor):
    return [float("%.9g" % value) for value in np.asarray(tensor.detach()).ravel()]


def tensors(network, of=lambda parameter: parameter):
    return {name: numbers(of(parameter)) for name, parameter in network.named_parameters()}


def case(seed, cell, optimizer, readout="last", layers=1, tokens=True, nonlinearity="tanh", clip=None):
    torch.manual_seed(seed)
    network = Network(cell, nonlinearity, layers, readout, tokens)
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
        "name": " ".join([cell, nonlinearity, readout, str(layers), optimizer]),
        "plan": {
            "input": plan_input, "cell": cell, "nonlinearity": nonlinearity, "hidden": HIDDEN,
            "layers": layers, "dropout": 0, "readout": readout, "outputs": OUTPUTS, "forgetBias": 1},
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
    for _ in range(10):
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
]

if __name__ == "__main__":
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "models.json")
    with open(path, "w") as file:
        json.dump(CASES, file, separators=(",", ":"))
        file.write("\n")
