#!/usr/bin/env python3
"""winograd_points.py: the float32 error of Winograd F(m x m, r x r) for sets of interpolation points, behind the choice in src/conv/cook_toom.c.

usage: bench/winograd_points.py            (needs numpy; sums over 64 channels of uniform random values, relative root mean square error against double)
       bench/winograd_points.py --short    the error when products are of operands rounded to 10 bits of fraction, TF32's and half's, and summed exactly: behind the bound
                                           of math mode FAST in docs/accuracy.md; for each F the three directions on the points that convcl takes
SPDX-License-Identifier: MIT
"""
import sys
from fractions import Fraction as F

import numpy as np

HALF = F(1, 2)
SETS = {
    5: [[0, 1, -1, 2], [0, 1, -1, HALF]],
    6: [[0, 1, -1, 2, -2], [0, 1, -1, HALF, -HALF], [0, 1, -1, 2, -HALF], [0, HALF, -HALF, F(3, 2), -F(3, 2)], [0, F(3, 4), -F(3, 4), F(3, 2), -F(3, 2)]],
    7: [[0, 1, -1, 2, -2, HALF], [0, 1, -1, HALF, -HALF, 2], [0, 1, -1, HALF, -HALF, -2]],
    8: [[0, 1, -1, 2, -2, HALF, -HALF], [0, 1, -1, F(3, 2), -F(3, 2), HALF, -HALF], [0, HALF, -HALF, 1, -1, F(7, 4), -F(7, 4)],
        [0, 1, -1, HALF, -HALF, F(5, 2), -F(5, 2)], [0, F(3, 4), -F(3, 4), F(3, 2), -F(3, 2), F(1, 4), -F(1, 4)]],
}


def polynomial(roots):
    coefficients = [F(1)]
    for root in roots:
        grown = [F(0)] * (len(coefficients) + 1)
        for i, c in enumerate(coefficients):
            grown[i + 1] += c
            grown[i] -= c * root
        coefficients = grown
    return coefficients


def cook_toom(m, r, points):
    n, a = m + r - 1, [F(p) for p in points]
    at = [[(a[j] ** i if j < n - 1 else F(i == m - 1)) for j in range(n)] for i in range(m)]
    g, bt = [], []
    for i in range(n - 1):
        scale = F(1)
        for k in range(n - 1):
            scale *= a[i] - a[k] if k != i else 1
        g.append([a[i] ** j / scale for j in range(r)])
        p = polynomial([a[k] for k in range(n - 1) if k != i])
        bt.append(p + [F(0)] * (n - len(p)))
    g.append([F(j == r - 1) for j in range(r)])
    bt.append(polynomial(a))
    return [np.array([[float(x) for x in row] for row in matrix], np.float32) for matrix in (at, g, bt)]


def error(m, r, points, channels=64, tiles=400):
    at, g, bt = cook_toom(m, r, points)
    n, rng, f = m + r - 1, np.random.default_rng(0), np.float32
    d, w = rng.uniform(-1, 1, (tiles, channels, n, n)).astype(f), rng.uniform(-1, 1, (channels, r, r)).astype(f)
    u = np.einsum("caj,bj->cab", np.einsum("ai,cij->caj", g, w, dtype=f), g, dtype=f)
    v = np.einsum("tcaj,bj->tcab", np.einsum("ai,tcij->tcaj", bt, d, dtype=f), bt, dtype=f)
    total = np.zeros((tiles, n, n), f)
    for c in range(channels):
        total += v[:, c] * u[c]
    y = np.einsum("tib,jb->tij", np.einsum("ia,tab->tib", at, total, dtype=f), at, dtype=f)
    expected = np.zeros((tiles, m, m))
    for i in range(r):
        for j in range(r):
            expected += np.einsum("tcij,c->tij", d[:, :, i:i + m, j:j + m].astype(float), w[:, i, j].astype(float))
    return np.sqrt(((y - expected) ** 2).sum() / (expected ** 2).sum())


# Those of src/conv/cook_toom.c.
CHOSEN = {3: [0, 1], 4: [0, 1, -1], 5: SETS[5][0], 6: SETS[6][4], 7: SETS[7][0], 8: SETS[8][0]}


def shorten(x):
    fraction, exponent = np.frexp(x)
    return np.ldexp(np.round(fraction * 2.0**11) / 2.0**11, exponent)


def relative(y, expected):
    return np.sqrt(((y - expected) ** 2).sum() / (expected ** 2).sum())


def both(matrix, x):
    return np.einsum("ai,...ij,bj->...ab", matrix, x, matrix)


def short_errors(m, r, points, channels=64, tiles=200):
    """Of fwd, bwd_data and bwd_weights, all Q [(P b) . (R a)] with the three matrices in other places; what they share stands for what it is in each."""
    at, g, bt = [matrix.astype(float) for matrix in cook_toom(m, r, points)]
    rng, errors = np.random.default_rng(0), []
    for last, fixed, moving in ((at, g, bt), (bt.T, g, at.T), (g.T, at.T, bt)):
        a = both(moving, rng.uniform(-1, 1, (tiles, channels) + (moving.shape[1],) * 2))
        b = both(fixed, rng.uniform(-1, 1, (channels,) + (fixed.shape[1],) * 2))
        errors.append(relative(both(last, np.einsum("tcab,cab->tab", shorten(a), shorten(b))), both(last, np.einsum("tcab,cab->tab", a, b))))
    return errors


def short_direct(terms=576):
    rng = np.random.default_rng(0)
    a, b = rng.uniform(-1, 1, (400, terms)), rng.uniform(-1, 1, terms)
    return relative(shorten(a) @ shorten(b), a @ b)


def print_short():
    print(f"direct sums {short_direct():.1e}")
    for n, points in CHOSEN.items():
        rows = [(f"F({n + 1 - r},{r})", short_errors(n + 1 - r, r, points)) for r in range(2, n)]
        print(n, "points: worst", f"{max(max(errors) for _, errors in rows):.1e} |", ", ".join(name + "".join(f" {e:.1e}" for e in errors) for name, errors in rows))


def print_sets():
    for n, sets in SETS.items():
        for points in sets:
            print(n, "points:", " ".join(str(p) for p in points), "inf |", " ".join(f"F({n + 1 - r},{r}) {error(n + 1 - r, r, points):.1e}" for r in range(2, min(n - 1, 6))))


print_short() if sys.argv[1:] == ["--short"] else print_sets()
