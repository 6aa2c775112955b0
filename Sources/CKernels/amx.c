// Whether the tiles of AMX can be used: the CPU has them, the system saves them and gives them to this
// process, and a product on them is right.
#include "paths.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

static int cpu_has_tiles(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  const unsigned bf16 = 1u << 22, tile = 1u << 24;
  return (d & bf16) && (d & tile);
}

// Both parts of the state of tiles, configuration and data, as XCR0 names them.
static int system_saves_tiles(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return 0;
  __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
  const unsigned both = 3u << 17;
  return (a & both) == both;
}

static int system_permits_tiles(void) {
  enum { request_permission = 0x1023, tile_data = 18 };
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

// Small whole numbers, whose sums are exact in any order, through real tiles and emulated ones: a
// virtual machine that has them by name alone shall not train with them.
static int tiles_are_right(void) {
  enum { rows = 55, inner = 70, units = 50, width = 32, blocks = 2, left_panels = 3 };
  float numbers[rows * inner], weights[units * inner], upstream[blocks * rows * width];
  // The planes of float32 take three times the room of bf16.
  float left[left_panels * rows * width], packed[blocks * 3 * 2 * left_panels * 256];
  // The product [rows, units], and its gradient [inner, units] in panels.
  enum { first_count = rows * units, second_count = blocks * inner * width };
  float results[4][first_count + second_count];
  for (int i = 0; i < rows * inner; i++) numbers[i] = (float)(i * 7 % 17 - 8);
  for (int i = 0; i < units * inner; i++) weights[i] = (float)(i * 5 % 13 - 6);
  const int32_t order[1] = {0};
  const struct product_shape forward = {
    .rows = rows, .inner = inner, .groups = 1, .panels = blocks, .last_width = units - width,
    .left_panels = left_panels, .left_block = rows * width, .right_panel = 2 * left_panels * 256,
    .result_row = units, .result_panel = width,
  };
  const struct product_shape backward = {
    .rows = inner, .inner = rows, .groups = 1, .panels = blocks, .last_width = width,
    .left_transposed = 1, .left_block = rows * width, .right_panel = rows * width,
    .result_row = width, .result_panel = inner * width,
  };
#define MULTIPLY(path, result) { \
    for (int i = 0; i < blocks * rows * width; i++) upstream[i] = (float)(i * 11 % 19 - 9); \
    for (int i = 0; i < first_count + second_count; i++) (result)[i] = (float)(i % 5); \
    bf16_panels_lay_float_##path(rows, inner, numbers, left, rows * width); \
    bf16_panels_pack_float_##path(units, inner, 1, order, weights, packed); \
    bf16_panels_round_float_##path(rows, blocks, upstream, rows * width); \
    bf16_product_float_##path(&forward, left, packed, result, NULL, 1); \
    bf16_product_float_##path(&backward, left, upstream, (result) + first_count, NULL, 1); \
  }
  MULTIPLY(amx, results[0])
  MULTIPLY(amx_emulated, results[1])
#undef MULTIPLY
  // The same in float32, of few numbers with parts in all planes.
  struct product_shape whole = forward;
  whole.right_panel *= 3;
  for (int i = 0; i < rows * inner; i++) numbers[i] = i % 23 ? 0 : i % 2 ? 65793 : -65793;
#define MULTIPLY(path, result) { \
    for (int i = 0; i < blocks * rows * width; i++) upstream[i] = (float)(i * 11 % 19 - 9); \
    for (int i = 0; i < first_count + second_count; i++) (result)[i] = (float)(i % 5); \
    memset(left, 0, sizeof left); \
    panels_lay_float_avx512(rows, inner, numbers, left, rows * width); \
    panels_pack_float_##path(units, inner, 1, order, weights, packed); \
    product_float_##path(&whole, left, packed, result, NULL, 1); \
    product_float_##path(&backward, left, upstream, (result) + first_count, NULL, 1); \
  }
  MULTIPLY(amx, results[2])
  MULTIPLY(amx_emulated, results[3])
#undef MULTIPLY
  tiles_release();
  return memcmp(results[0], results[1], sizeof results[0]) == 0
      && memcmp(results[2], results[3], sizeof results[2]) == 0;
}

int amx_is_usable(void) {
  return cpu_has_tiles() && system_saves_tiles() && system_permits_tiles() && tiles_are_right();
}
#else
int amx_is_usable(void) { return 0; }
#endif
