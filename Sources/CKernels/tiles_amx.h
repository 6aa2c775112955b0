// The operations of tiles that the CPU has: AMX. Numbers of tiles are constants.
#ifndef UNROLL_TILES_AMX_H
#define UNROLL_TILES_AMX_H

#include <stdint.h>

// What LDTILECFG reads.
struct tile_configuration {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
};

// Tiles 0, 1 and 4 have `upper` rows, 2, 3 and 5 `lower` ones, of which there may be none; 6 and 7 have
// 16. A register without rows must have no bytes either.
static inline struct tile_configuration tile_configuration(int upper, int lower) {
  struct tile_configuration shape = {.palette = 1};
  for (int t = 0; t < 8; t++) {
    const int rows = t > 5 ? 16 : t == 2 || t == 3 || t == 5 ? lower : upper;
    shape.rows[t] = (uint8_t)rows;
    shape.row_bytes[t] = rows ? 64 : 0;
  }
  return shape;
}

// To configure takes 100 ns, as long as fifteen products of tiles: a thread keeps what it has until it
// leaves the kernels, see tiles_release.
static _Thread_local int tiles_now __attribute__((tls_model("initial-exec"))) = 0;

static inline void tiles_configure(int upper, int lower) {
  const int wanted = 1 + upper + 32 * lower;
  if (tiles_now == wanted) return;
  const struct tile_configuration configuration = tile_configuration(upper, lower);
  __builtin_ia32_tile_loadconfig(&configuration);
  tiles_now = wanted;
}

#define TILES_CONFIGURE(upper, lower) tiles_configure(upper, lower)
#define TILE_ZERO(tile) __builtin_ia32_tilezero(tile)
#define TILE_LOAD(tile, from, stride) __builtin_ia32_tileloadd64(tile, from, stride)
#define TILE_STORE(tile, to, stride) __builtin_ia32_tilestored64(tile, to, stride)
#define TILE_PRODUCT(sum, left, right) __builtin_ia32_tdpbf16ps(sum, left, right)

#endif
