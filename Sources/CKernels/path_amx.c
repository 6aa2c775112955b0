// The products of precision bf16 on the tiles of AMX; all else on this path is that of avx512. Slower was
// float32 as three bf16 each, six products of tiles: 95 GFLOP/s beside 110 of avx512's product.
#include "paths.h"
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target( \
    "avx2,fma,avx512f,avx512bw,avx512vl,avx512dq,amx-tile,amx-bf16"))), apply_to = function)
#include "tiles_amx.h"
#define NAMED(name) name##_float_amx
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#define PANEL 32
#include "template/tiles.inc"
#pragma clang attribute pop
#endif
