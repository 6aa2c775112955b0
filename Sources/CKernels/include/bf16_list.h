// The products of precision bf16, for float alone, in the form of kernel_list.h: operands are rounded
// to bf16 (to nearest, ties to even), sums are float.
//
// Operands lie in panels [rows][P] of the room that floats take; what is in that room is the path's. On
// most paths it is the rounded floats. On those with tiles P is 32 and the first half of a row holds
// 32 bf16, and packed weights are tiles. So an operand is written once, by one of these functions.

#define POINTER float *_Nonnull
#define CONSTANT const float *_Nonnull

// to = from rounded to bf16, as float; they may be the same.
KERNEL(void, bf16_round, (ptrdiff_t count, CONSTANT from, POINTER to), (count, from, to))
// How many rows of P floats a packed panel of `inner` rows takes.
KERNEL(ptrdiff_t, bf16_panel_depth, (ptrdiff_t inner), (inner))
// As panels_lay, panels_pack, panels_pack_back and product. A product with a left operand that is not
// transposed takes packed weights on the right, the other one gradients of gates.
KERNEL(void, bf16_panels_lay, (ptrdiff_t rows, ptrdiff_t columns, CONSTANT from, POINTER to,
    ptrdiff_t to_panel), (rows, columns, from, to, to_panel))
KERNEL(void, bf16_panels_pack, (ptrdiff_t units, ptrdiff_t inner, ptrdiff_t gates,
    const int32_t *_Nonnull order, CONSTANT weight, POINTER packed),
    (units, inner, gates, order, weight, packed))
KERNEL(void, bf16_panels_pack_back, (ptrdiff_t units, ptrdiff_t columns, ptrdiff_t gates,
    const int32_t *_Nonnull order, CONSTANT weight, POINTER packed),
    (units, columns, gates, order, weight, packed))
KERNEL(void, bf16_product, (const struct product_shape *_Nonnull shape, CONSTANT left,
    CONSTANT right, POINTER result, const float *_Nullable start, int adding),
    (shape, left, right, result, start, adding))
// Makes operands of floats, in place: gradients of gates [rows][P], `panel` apart.
KERNEL(void, bf16_panels_round, (ptrdiff_t rows, ptrdiff_t panels, POINTER gates, ptrdiff_t panel),
    (rows, panels, gates, panel))
// As panels_scatter_add, from operands to floats.
KERNEL(void, bf16_panels_scatter_add, (ptrdiff_t rows, ptrdiff_t panels,
    const int32_t *_Nonnull index, CONSTANT from, ptrdiff_t from_panel, POINTER to,
    ptrdiff_t to_panel), (rows, panels, index, from, from_panel, to, to_panel))

#undef POINTER
#undef CONSTANT
