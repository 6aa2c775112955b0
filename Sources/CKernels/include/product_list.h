// The products with panels (see struct product_shape) of full precision, in the form of kernel_list.h. A
// packed panel holds the numbers that are told below, or tiles of them: that is the path's.

#define POINTER SCALAR *_Nonnull
#define CONSTANT const SCALAR *_Nonnull
#define OPTIONAL const SCALAR *_Nullable

// For how many rows of P scalars a packed panel of `inner` rows needs room.
KERNEL(ptrdiff_t, panel_depth, (ptrdiff_t inner), (inner))
// weight [sums·units, inner] -> for each block of P units, for each of `gates` sums in the given order,
// a panel [inner][P]; units beyond the last are zero.
KERNEL(void, panels_pack, (ptrdiff_t units, ptrdiff_t inner, ptrdiff_t gates,
    const int32_t *_Nonnull order, CONSTANT weight, POINTER packed),
    (units, inner, gates, order, weight, packed))
// weight [sums·units, columns] -> panels of P columns, each [blocks·gates·P][P]: the right operand for
// a left one that lies in the panels of the gates.
KERNEL(void, panels_pack_back, (ptrdiff_t units, ptrdiff_t columns, ptrdiff_t gates,
    const int32_t *_Nonnull order, CONSTANT weight, POINTER packed),
    (units, columns, gates, order, weight, packed))
// result = left right + (adding ? result : start in every row, if any).
KERNEL(void, product, (const struct product_shape *_Nonnull shape, CONSTANT left, CONSTANT right,
    POINTER result, OPTIONAL start, int adding), (shape, left, right, result, start, adding))
// Whether weights of so many inner rows are to be multiplied with all their packed panels at once, since
// the left operand is made ready each time; a product with some of them would take them for another form.
KERNEL(int, product_is_whole, (ptrdiff_t inner), (inner))

#undef POINTER
#undef CONSTANT
#undef OPTIONAL
