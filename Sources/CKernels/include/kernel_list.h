// Every kernel: KERNEL(result, name, parameters, arguments), included once for each use with SCALAR
// and KERNEL defined. Shapes stand beside the names; H = units, rows = sequences still running.
// Gate order is PyTorch's. Pointers never overlap unless they are the same.
#define POINTER SCALAR *_Nonnull
#define CONSTANT const SCALAR *_Nonnull

// MARK: Cells. Forward: sums of products in, activations out. Backward: activations in, gradients of
// the sums out, in the same place.

// gates [rows, H]: sums -> new state; also written to hidden [rows, H].
KERNEL(void, rnn_forward, (ptrdiff_t rows, ptrdiff_t units, int rectified, POINTER gates,
    POINTER hidden), (rows, units, rectified, gates, hidden))
// d_hidden [rows, H]: the whole gradient of the new state.
KERNEL(void, rnn_backward, (ptrdiff_t rows, ptrdiff_t units, int rectified, POINTER gates,
    CONSTANT upstream, CONSTANT d_hidden), (rows, units, rectified, gates, upstream, d_hidden))

// gates [rows, 4H] i,f,g,o; c = f c' + i g; h = o tanh(c). All else [rows, H].
KERNEL(void, lstm_forward, (ptrdiff_t rows, ptrdiff_t units, POINTER gates, CONSTANT previous_cell,
    POINTER cell, POINTER squashed, POINTER hidden),
    (rows, units, gates, previous_cell, cell, squashed, hidden))
// d_cell [rows, H]: gradient of c in, of c' out. The gradient of h is upstream + d_hidden.
KERNEL(void, lstm_backward, (ptrdiff_t rows, ptrdiff_t units, POINTER gates, CONSTANT previous_cell,
    CONSTANT squashed, CONSTANT upstream, CONSTANT d_hidden, POINTER d_cell),
    (rows, units, gates, previous_cell, squashed, upstream, d_hidden, d_cell))

// gates [rows, 3H] r,z,n: input sums in; product [rows, 3H]: recurrent sums with their bias.
// n = tanh(gate + r product); h = (1 - z) n + z h'.
KERNEL(void, gru_forward, (ptrdiff_t rows, ptrdiff_t units, POINTER gates, CONSTANT product,
    CONSTANT previous_hidden, POINTER hidden),
    (rows, units, gates, product, previous_hidden, hidden))
// gates and product become the gradients of the two sums; d_hidden [rows, H]: gradient of h in, the
// part of the gradient of h' that does not pass through the product out.
KERNEL(void, gru_backward, (ptrdiff_t rows, ptrdiff_t units, POINTER gates, POINTER product,
    CONSTANT previous_hidden, CONSTANT upstream, POINTER d_hidden),
    (rows, units, gates, product, previous_hidden, upstream, d_hidden))

// MARK: Products

// The room that a right operand [inner, columns] takes when packed, in scalars.
KERNEL(ptrdiff_t, product_packed_count, (ptrdiff_t inner, ptrdiff_t columns), (inner, columns))
// right: [inner, columns], or [columns, inner] if transposed. To be used on the same path.
KERNEL(void, product_pack, (ptrdiff_t inner, ptrdiff_t columns, int transposed, CONSTANT right,
    POINTER packed), (inner, columns, transposed, right, packed))
// result [rows, columns] = left [rows, inner] right + (adding ? result : 0); if left is transposed, it
// lies as [inner, rows]. left_stride: of its rows as they lie.
KERNEL(void, product, (ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, CONSTANT left,
    int left_transposed, ptrdiff_t left_stride, CONSTANT packed, POINTER result, int adding),
    (rows, columns, inner, left, left_transposed, left_stride, packed, result, adding))

// The speed of multiply-adds that wait for nothing, to be timed beside a figure: `count` rounds, each
// of so many floating-point operations.
KERNEL(SCALAR, peak_probe, (ptrdiff_t count, SCALAR factor), (count, factor))
KERNEL(ptrdiff_t, peak_probe_operations, (void), ())

// MARK: Rows

// to[r] = row for each of the rows [rows, width].
KERNEL(void, rows_fill, (ptrdiff_t rows, ptrdiff_t width, CONSTANT row, POINTER to),
    (rows, width, row, to))
// to[r] = from[index[r]]
KERNEL(void, rows_gather, (ptrdiff_t rows, ptrdiff_t width, const int32_t *_Nonnull index,
    CONSTANT from, POINTER to), (rows, width, index, from, to))
// to[index[r]] += scale[index[r]] from[r]; a missing scale is 1. In the order of r.
KERNEL(void, rows_scatter_add, (ptrdiff_t rows, ptrdiff_t width, const int32_t *_Nonnull index,
    const SCALAR *_Nullable scale, CONSTANT from, POINTER to),
    (rows, width, index, scale, from, to))
// to[r] = scale[index[r]] from[index[r]]
KERNEL(void, rows_spread, (ptrdiff_t rows, ptrdiff_t width, const int32_t *_Nonnull index,
    const SCALAR *_Nullable scale, CONSTANT from, POINTER to),
    (rows, width, index, scale, from, to))
// to[c] += sum over r of from[r, c]
KERNEL(void, columns_add, (ptrdiff_t rows, ptrdiff_t width, CONSTANT from, POINTER to),
    (rows, width, from, to))

// MARK: Vectors

// to += from
KERNEL(void, vector_add, (ptrdiff_t count, CONSTANT from, POINTER to), (count, from, to))
// to = left right
KERNEL(void, vector_multiply, (ptrdiff_t count, CONSTANT left, CONSTANT right, POINTER to),
    (count, left, right, to))
KERNEL(void, vector_scale, (ptrdiff_t count, SCALAR factor, POINTER to), (count, factor, to))
KERNEL(void, vector_clamp, (ptrdiff_t count, SCALAR bound, POINTER to), (count, bound, to))
KERNEL(double, vector_square_sum, (ptrdiff_t count, CONSTANT from), (count, from))
// to = scale where the random word is at least the threshold, else 0
KERNEL(void, vector_mask, (ptrdiff_t count, const uint16_t *_Nonnull words, uint16_t threshold,
    SCALAR scale, POINTER to), (count, words, threshold, scale, to))
KERNEL(void, vector_tanh, (ptrdiff_t count, CONSTANT from, POINTER to), (count, from, to))
KERNEL(void, vector_sigmoid, (ptrdiff_t count, CONSTANT from, POINTER to), (count, from, to))
KERNEL(void, vector_exp, (ptrdiff_t count, CONSTANT from, POINTER to), (count, from, to))

// MARK: Losses. Each returns the sum over the rows; a missing gradient is not written.

// probabilities [rows, width] of scores; they may be the same.
KERNEL(void, softmax, (ptrdiff_t rows, ptrdiff_t width, CONSTANT scores, POINTER probabilities),
    (rows, width, scores, probabilities))
// gradient = weight (softmax - one-hot); rows with a negative target count for nothing.
KERNEL(double, cross_entropy, (ptrdiff_t rows, ptrdiff_t width, CONSTANT scores,
    const int32_t *_Nonnull targets, SCALAR weight, SCALAR *_Nullable gradient),
    (rows, width, scores, targets, weight, gradient))
// gradient = 2 weight (value - target)
KERNEL(double, squared_error, (ptrdiff_t count, CONSTANT values, CONSTANT targets, SCALAR weight,
    SCALAR *_Nullable gradient), (count, values, targets, weight, gradient))

// MARK: Optimizers, by PyTorch's equations. A missing gradient is zero. `decay` is coupled (L2).
// rest = 1 - alpha and so on come from outside: 1 - 0.999f is wrong in its fifth digit.

KERNEL(void, sgd_step, (ptrdiff_t count, POINTER parameters, const SCALAR *_Nullable gradient,
    SCALAR *_Nullable velocity, SCALAR rate, SCALAR momentum, SCALAR decay),
    (count, parameters, gradient, velocity, rate, momentum, decay))
KERNEL(void, rmsprop_step, (ptrdiff_t count, POINTER parameters, const SCALAR *_Nullable gradient,
    POINTER square, SCALAR *_Nullable velocity, SCALAR rate, SCALAR alpha, SCALAR rest,
    SCALAR epsilon, SCALAR momentum, SCALAR decay),
    (count, parameters, gradient, square, velocity, rate, alpha, rest, epsilon, momentum, decay))
// rate: divided by the correction of the mean; correction: 1 / sqrt of that of the square;
// shrink: factor of the parameters before the step (decoupled decay), 1 for none.
KERNEL(void, adam_step, (ptrdiff_t count, POINTER parameters, const SCALAR *_Nullable gradient,
    POINTER mean, POINTER square, SCALAR rate, SCALAR beta1, SCALAR rest1, SCALAR beta2,
    SCALAR rest2, SCALAR epsilon, SCALAR correction, SCALAR shrink, SCALAR decay),
    (count, parameters, gradient, mean, square, rate, beta1, rest1, beta2, rest2, epsilon,
        correction, shrink, decay))

#undef POINTER
#undef CONSTANT
