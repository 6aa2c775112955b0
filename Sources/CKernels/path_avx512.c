#include "paths.h"
#if defined(__x86_64__)
#pragma clang attribute push( \
    __attribute__((target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq"))), apply_to = function)
#define PATH avx512
#define VECTOR_BYTES 64
#define TILE_ROWS 12
#include "template/all.inc"
#pragma clang attribute pop
#endif
