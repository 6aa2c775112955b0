// The products on the tiles of AMX; all else on this path is that of avx512.
#include "paths.h"
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target( \
    "avx2,fma,avx512f,avx512bw,avx512vl,avx512dq,amx-tile,amx-bf16"))), apply_to = function)
#include "tiles_amx.h"
#define NAMED(name) name##_float_amx
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#define PANEL 32
#include "template/tiles.inc"
// One step of tiles does not pay for setting them up; one panel of weights neither.
#define NARROW 32
#define NARROW_PACK panels_pack_float_avx512
#define NARROW_PACK_BACK panels_pack_back_float_avx512
#define NARROW_PRODUCT product_float_avx512
#include "template/split.inc"

void tiles_release(void) {
  if (!tiles_now) return;
  __builtin_ia32_tilerelease();
  tiles_now = 0;
}
#pragma clang attribute pop
#endif
