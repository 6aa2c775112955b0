#!/usr/bin/env python3
"""Makes gp.json beside it: what numpy and mpmath compute for the parts of a Gaussian process.

    python3 gp.py        (needs numpy, scipy and mpmath)

Holds a kernel matrix of points with a categorical third dimension, its Cholesky factor, the
posterior at other points, minus the log posterior density of the kernel's parameters, and log h(z)
of the expected improvement with Φ/h, in 50 digits.
"""
import json
import os

import mpmath
import numpy as np
from scipy.linalg import cho_solve, cholesky

mpmath.mp.dps = 50
random = np.random.default_rng(5)


def improvement(z):
    z = mpmath.mpf(z)
    density = mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)
    cumulative = mpmath.erfc(-z / mpmath.sqrt(2)) / 2
    h = density + z * cumulative
    return [float(z), float(mpmath.log(h)), float(cumulative / h)]


def squares(left, right):
    difference = (left[:, None, :] - right[None, :, :]) ** 2
    difference[..., 2] = difference[..., 2] > 0
    return difference


def kernel(left, right, weights, scale):
    square = squares(left, right) @ weights
    root = np.sqrt(5 * square)
    return scale * (5 / 3 * square + root + 1) * np.exp(-root)


def sample(count):
    points = random.random((count, 3))
    points[:, 2] = random.integers(0, 3, count)
    return points


# 13 points: neither a multiple of eight nor fewer.
points, others = sample(13), sample(5)
targets = np.sin(5 * points[:, 0]) + points[:, 1] ** 2 + 0.3 * points[:, 2]
weights, scale, noise = np.array([4.0, 0.5, 0.8]), 1.7, 0.003
covariance = kernel(points, points, weights, scale)
noisy = covariance + noise * np.eye(13)
lower = cholesky(noisy, lower=True)
cross = kernel(others, points, weights, scale)
solved = cho_solve((lower, True), cross.T)
density = (
    np.log(np.diag(lower)).sum() + targets @ cho_solve((lower, True), targets) / 2
    + (0.1 / weights + 0.1 * weights).sum() + scale - np.log(scale)
    + 30 * noise - 0.1 * np.log(noise))
# Digits enough for a double, not more than the eye can bear.
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "gp.json"), "w") as file:
    json.dump({
        "points": points.tolist(), "targets": targets.tolist(), "others": others.tolist(),
        "inverseSquares": weights.tolist(), "scale": scale, "noise": noise,
        "covariance": covariance.tolist(), "lower": lower.tolist(),
        "means": (solved.T @ targets).tolist(),
        "variances": (scale - (cross * solved.T).sum(1)).tolist(),
        "negativeLogDensity": float(density),
        "improvements": [improvement(z) for z in np.linspace(-40, 10, 101)],
    }, file)
    file.write("\n")
