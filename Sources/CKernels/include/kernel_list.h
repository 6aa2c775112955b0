// Every kernel: KERNEL(result, name, parameters, arguments), included once for each use with SCALAR
// and KERNEL defined. Shapes stand beside the names; H = units, rows = sequences still running.
// Gate order is PyTorch's. Pointers never overlap unless they are the same.
#define POINTER SCALAR *_Nonnull
#define CONSTANT const SCALAR *_Nonnull
#define OPTIONAL const SCALAR *_Nullable

// MARK: Cells, one block of at most a panel's width of units. Gates lie in panels [rows][width], `panel`
// scalars apart: sums of products in and activations out, on the way back activations in and gradients
// of the sums out. States are rows, `stride` apart. d_hidden: the whole gradient of h. d_bias: the
// gradients of the sums are added over the rows.

KERNEL(void, rnn_forward, (ptrdiff_t rows, ptrdiff_t count, int rectified, ptrdiff_t stride,
    POINTER gates, POINTER hidden), (rows, count, rectified, stride, gates, hidden))
KERNEL(void, rnn_backward, (ptrdiff_t rows, ptrdiff_t count, int rectified, ptrdiff_t stride,
    POINTER gates, CONSTANT d_hidden, POINTER d_bias),
    (rows, count, rectified, stride, gates, d_hidden, d_bias))

// i,f,g,o; c = f c' + i g; h = o tanh(c). peephole: of i, f (from c') and o (from c), if any.
KERNEL(void, lstm_forward, (ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride, ptrdiff_t panel,
    POINTER gates, OPTIONAL peephole, ptrdiff_t peephole_stride, CONSTANT previous_cell,
    POINTER cell, POINTER squashed, POINTER hidden),
    (rows, count, stride, panel, gates, peephole, peephole_stride, previous_cell, cell, squashed,
        hidden))
// d_cell: what reaches c from the step after in, the whole gradient of c out; d_past_cell, which may be
// the same: what reaches c' out.
KERNEL(void, lstm_backward, (ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride, ptrdiff_t panel,
    POINTER gates, OPTIONAL peephole, SCALAR *_Nullable d_peephole, ptrdiff_t peephole_stride,
    CONSTANT previous_cell, CONSTANT cell, CONSTANT squashed, CONSTANT d_hidden, POINTER d_cell,
    POINTER d_past_cell, POINTER d_bias),
    (rows, count, stride, panel, gates, peephole, d_peephole, peephole_stride, previous_cell, cell,
        squashed, d_hidden, d_cell, d_past_cell, d_bias))

// n,r,z and the recurrent sum of n; n = tanh(sum + r recurrent sum); h = (1 - z) n + z h'.
KERNEL(void, gru_forward, (ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride, ptrdiff_t panel,
    POINTER gates, CONSTANT previous_hidden, POINTER hidden),
    (rows, count, stride, panel, gates, previous_hidden, hidden))
// d_past: the part of the gradient of h' that does not pass through the product is added to it.
KERNEL(void, gru_backward, (ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride, ptrdiff_t panel,
    POINTER gates, CONSTANT previous_hidden, CONSTANT d_hidden, POINTER d_past, POINTER d_bias),
    (rows, count, stride, panel, gates, previous_hidden, d_hidden, d_past, d_bias))

// n,r,z with n = tanh(sum of W x and U (r h')): r, z and r h' first, n and h after the second product.
KERNEL(void, gru_reset_forward, (ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride, ptrdiff_t panel,
    POINTER gates, CONSTANT previous_hidden, POINTER reset_hidden),
    (rows, count, stride, panel, gates, previous_hidden, reset_hidden))
KERNEL(void, gru_reset_finish, (ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride, ptrdiff_t panel,
    POINTER gates, CONSTANT previous_hidden, POINTER hidden),
    (rows, count, stride, panel, gates, previous_hidden, hidden))
// The way back: n and z first, then r, given the gradient of r h'; d_past as above.
KERNEL(void, gru_reset_backward, (ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
    ptrdiff_t panel, POINTER gates, CONSTANT previous_hidden, CONSTANT d_hidden, POINTER d_past,
    POINTER d_bias),
    (rows, count, stride, panel, gates, previous_hidden, d_hidden, d_past, d_bias))
KERNEL(void, gru_reset_begin, (ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride, ptrdiff_t panel,
    POINTER gates, CONSTANT previous_hidden, CONSTANT d_reset_hidden, POINTER d_past,
    POINTER d_bias),
    (rows, count, stride, panel, gates, previous_hidden, d_reset_hidden, d_past, d_bias))

// MARK: Products with panels: see struct product_shape.

// P, the columns of a panel.
KERNEL(ptrdiff_t, panel_width, (void), ())
// Adds what lies as panels_pack writes it, [inner][P], to a weight [sums·units, inner].
KERNEL(void, panels_unpack_add, (ptrdiff_t units, ptrdiff_t inner, ptrdiff_t gates,
    const int32_t *_Nonnull order, CONSTANT packed, POINTER weight),
    (units, inner, gates, order, packed, weight))
// from [rows, columns] -> panels [rows][P], to_panel apart, the last one as far as there are columns.
KERNEL(void, panels_lay, (ptrdiff_t rows, ptrdiff_t columns, CONSTANT from, POINTER to,
    ptrdiff_t to_panel), (rows, columns, from, to, to_panel))
// to[p][r] = from[p][index[r]]
KERNEL(void, panels_gather, (ptrdiff_t rows, ptrdiff_t panels, const int32_t *_Nonnull index,
    CONSTANT from, ptrdiff_t from_panel, POINTER to, ptrdiff_t to_panel),
    (rows, panels, index, from, from_panel, to, to_panel))
// to[p][index[r]] += from[p][r], in the order of r.
KERNEL(void, panels_scatter_add, (ptrdiff_t rows, ptrdiff_t panels, const int32_t *_Nonnull index,
    CONSTANT from, ptrdiff_t from_panel, POINTER to, ptrdiff_t to_panel),
    (rows, panels, index, from, from_panel, to, to_panel))

// The speed of multiply-adds that wait for nothing, to be timed beside a figure: `count` rounds, each
// of so many floating-point operations.
KERNEL(SCALAR, peak_probe, (ptrdiff_t count, SCALAR factor), (count, factor))
KERNEL(ptrdiff_t, peak_probe_operations, (void), ())

// MARK: Layer normalization of one panel's sums: weight · (sum - mean) / deviation + bias over the units
// of a row. gates and normalized lie at the panel in the first block, others block_stride further.

KERNEL(void, normalize_forward, (ptrdiff_t rows, ptrdiff_t units, ptrdiff_t block_stride,
    POINTER gates, CONSTANT weight, CONSTANT bias, POINTER normalized, POINTER reciprocals),
    (rows, units, block_stride, gates, weight, bias, normalized, reciprocals))
// gates: the gradients of the results in, of the sums out.
KERNEL(void, normalize_backward, (ptrdiff_t rows, ptrdiff_t units, ptrdiff_t block_stride,
    POINTER gates, CONSTANT weight, CONSTANT normalized, CONSTANT reciprocals, POINTER d_weight,
    POINTER d_bias),
    (rows, units, block_stride, gates, weight, normalized, reciprocals, d_weight, d_bias))

// MARK: Rows

// to[r] = row for each of the rows [rows, width].
KERNEL(void, rows_fill, (ptrdiff_t rows, ptrdiff_t width, CONSTANT row, POINTER to),
    (rows, width, row, to))
// to[r] = from[index[r]], or from[r] without an index, of rows with strides.
KERNEL(void, rows_move, (ptrdiff_t rows, ptrdiff_t width, const int32_t *_Nullable index,
    CONSTANT from, ptrdiff_t from_stride, POINTER to, ptrdiff_t to_stride),
    (rows, width, index, from, from_stride, to, to_stride))
// to[owner[r]] = the largest from[r] of each column, and its row; rows of an owner in their order.
KERNEL(void, rows_largest, (ptrdiff_t rows, ptrdiff_t width, const int32_t *_Nonnull owner,
    CONSTANT from, POINTER to, int32_t *_Nonnull places),
    (rows, width, owner, from, to, places))
// to[places[i]] [its column] += from[i]
KERNEL(void, rows_spread_largest, (ptrdiff_t rows, ptrdiff_t width, CONSTANT from,
    const int32_t *_Nonnull places, POINTER to), (rows, width, from, places, to))
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
// to = scale where 16 random bits are at least the threshold, else 0
KERNEL(void, vector_mask, (ptrdiff_t count, const struct mask_source *_Nonnull source,
    uint16_t threshold, SCALAR scale, POINTER to), (count, source, threshold, scale, to))
KERNEL(void, vector_tanh, (ptrdiff_t count, CONSTANT from, POINTER to), (count, from, to))
KERNEL(void, vector_sigmoid, (ptrdiff_t count, CONSTANT from, POINTER to), (count, from, to))
KERNEL(void, vector_exp, (ptrdiff_t count, CONSTANT from, POINTER to), (count, from, to))

// MARK: Losses. Each returns the sum over the rows; a missing gradient is not written.

// probabilities [rows, width] of scores; they may be the same.
KERNEL(void, softmax, (ptrdiff_t rows, ptrdiff_t width, CONSTANT scores, POINTER probabilities),
    (rows, width, scores, probabilities))
// gradient = weight (softmax - one-hot), times the weight of the target's class if there are weights;
// with smoothing, a share of the target is spread over all classes. Rows with a negative target count
// for nothing.
KERNEL(double, cross_entropy, (ptrdiff_t rows, ptrdiff_t width, CONSTANT scores,
    const int32_t *_Nonnull targets, OPTIONAL class_weights, SCALAR smoothing, SCALAR weight,
    SCALAR *_Nullable gradient),
    (rows, width, scores, targets, class_weights, smoothing, weight, gradient))
// Losses of numbers, by kind: 0 squared, 1 absolute, 2 Huber, 3 quantile, 4 binary (values are logits).
// constants [width]: Huber's bound or the quantile of each column. A target that is no number counts
// for nothing. gradient = weight times the derivative.
KERNEL(double, number_loss, (ptrdiff_t count, ptrdiff_t width, int kind, CONSTANT values,
    CONSTANT targets, OPTIONAL constants, SCALAR weight, SCALAR *_Nullable gradient),
    (count, width, kind, values, targets, constants, weight, gradient))

// MARK: Optimizers, by PyTorch's equations. A missing gradient is zero. `decay` is coupled (L2).
// rest = 1 - alpha and so on come from outside: 1 - 0.999f is wrong in its fifth digit.

KERNEL(void, sgd_step, (ptrdiff_t count, POINTER parameters, const SCALAR *_Nullable gradient,
    SCALAR *_Nullable velocity, SCALAR rate, SCALAR momentum, SCALAR decay, int nesterov),
    (count, parameters, gradient, velocity, rate, momentum, decay, nesterov))
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
#undef OPTIONAL

// A path whose products are of another make has a list of them.
#ifndef WITHOUT_PRODUCTS
#include "product_list.h"
#endif
