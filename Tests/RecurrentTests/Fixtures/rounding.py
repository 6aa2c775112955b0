#!/usr/bin/env python3
"""What rounding the operands of products to bf16 costs a layer of tanh, all else in double: where the
bounds of PrecisionTests come from.

    python3 rounding.py        (needs numpy)

Prints, for each shape, the least, mean and largest relative error over 20 seeds, as norms, of the last
states and of the gradients of both weights.
"""
import numpy as np

SHAPES = [(64, 64, 32, 32), (9, 128, 64, 20), (9, 128, 16, 20)]


def rounded(numbers):
    bits = numbers.astype(np.float32).view(np.uint32)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32).astype(np.float64)


def passes(parameters, inputs, targets, operand):
    """The last states and the gradients of W and U of a cross-entropy on the last state."""
    W, U, bias, V, shift = parameters
    steps, batch, _ = inputs.shape
    states = [np.zeros((batch, len(U)))]
    for x in inputs:
        sums = operand(x) @ operand(W).T + operand(states[-1]) @ operand(U).T
        states.append(np.tanh(sums + bias))
    scores = states[-1] @ V.T + shift
    scores = np.exp(scores - scores.max(1, keepdims=True))
    scores /= scores.sum(1, keepdims=True)
    scores[np.arange(batch), targets] -= 1
    gradient = scores / batch @ V
    dW, dU = np.zeros_like(W), np.zeros_like(U)
    for t in reversed(range(steps)):
        sums = operand(gradient * (1 - states[t + 1] ** 2))
        dW += sums.T @ operand(inputs[t])
        dU += sums.T @ operand(states[t])
        gradient = sums @ operand(U)
    return states[-1], dW, dU


for width, hidden, batch, steps in SHAPES:
    errors = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        bound = hidden**-0.5
        shapes = [(hidden, width), (hidden, hidden), hidden, (10, hidden), 10]
        parameters = [random.uniform(-bound, bound, shape) for shape in shapes]
        inputs = random.uniform(-1, 1, (steps, batch, width))
        targets = random.integers(0, 10, batch)
        pair = (passes(parameters, inputs, targets, operand) for operand in (rounded, lambda x: x))
        errors.append([np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in zip(*pair)])
    print((width, hidden, batch, steps), np.min(errors, 0), np.mean(errors, 0), np.max(errors, 0))
