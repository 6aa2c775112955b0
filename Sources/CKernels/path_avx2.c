#include "paths.h"
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define PATH avx2
#define VECTOR_BYTES 32
#define TILE_ROWS 6
#include "template/all.inc"
#pragma clang attribute pop
#endif
