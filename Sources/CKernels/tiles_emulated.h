// The operations of tiles in C, with the bits of AMX (Intel's manual, TDPBF16PS): so that the products on
// tiles can be tested, and real tiles compared, on any machine.
#ifndef UNROLL_TILES_EMULATED_H
#define UNROLL_TILES_EMULATED_H

#include <float.h>
#include <stdint.h>
#include <string.h>

#include "bf16.h"

// As on a CPU, the registers belong to the thread.
static _Thread_local struct {
  int rows[8];
  uint32_t lines[8][16][16];
} tiles __attribute__((tls_model("initial-exec")));

static void emulated_configure(int upper, int lower) {
  memset(&tiles, 0, sizeof tiles);
  for (int t = 0; t < 8; t++)
    tiles.rows[t] = t > 5 ? 16 : t == 2 || t == 3 || t == 5 ? lower : upper;
}

static void emulated_load(int tile, const float *from, ptrdiff_t stride) {
  // Rows beyond those of the configuration become zero.
  memset(tiles.lines[tile], 0, sizeof tiles.lines[tile]);
  for (int r = 0; r < tiles.rows[tile]; r++)
    memcpy(tiles.lines[tile][r], (const char *)from + r * stride, 64);
}

static void emulated_store(int tile, float *to, ptrdiff_t stride) {
  for (int r = 0; r < tiles.rows[tile]; r++)
    memcpy((char *)to + r * stride, tiles.lines[tile][r], 64);
}

// Denormals count as zero, whatever the state of the thread is.
static inline float emulated_flush(float x) {
  return x > -FLT_MIN && x < FLT_MIN ? __builtin_copysignf(0, x) : x;
}

static void emulated_product(int sum, int left, int right) {
  for (int m = 0; m < tiles.rows[sum]; m++) {
    float even[16] = {0}, odd[16] = {0};
    for (int k = 0; k < 16; k++) {
      const uint32_t pair = tiles.lines[left][m][k];
      const float first = emulated_flush(bf16_value(pair & 0xffff));
      const float second = emulated_flush(bf16_value(pair >> 16));
      // A product of two bf16 is exact in float: fused or not, the sum is the same.
      for (int n = 0; n < 16; n++) {
        const uint32_t other = tiles.lines[right][k][n];
        even[n] = emulated_flush(even[n] + first * emulated_flush(bf16_value(other & 0xffff)));
        odd[n] = emulated_flush(odd[n] + second * emulated_flush(bf16_value(other >> 16)));
      }
    }
    for (int n = 0; n < 16; n++) {
      float total;
      memcpy(&total, &tiles.lines[sum][m][n], sizeof total);
      total = emulated_flush(emulated_flush(total) + emulated_flush(even[n] + odd[n]));
      memcpy(&tiles.lines[sum][m][n], &total, sizeof total);
    }
  }
}

#define TILES_CONFIGURE(upper, lower) emulated_configure(upper, lower)
#define TILE_ZERO(tile) memset(tiles.lines[tile], 0, sizeof tiles.lines[tile])
#define TILE_LOAD(tile, from, stride) emulated_load(tile, from, stride)
#define TILE_STORE(tile, to, stride) emulated_store(tile, to, stride)
#define TILE_PRODUCT(sum, left, right) emulated_product(sum, left, right)

#endif
