// Rounding to bf16, the upper half of a float: to nearest, ties to even, the same bits on every path.
#ifndef UNROLL_BF16_H
#define UNROLL_BF16_H

#include <stdint.h>
#include <string.h>

static inline __attribute__((always_inline)) uint32_t bf16_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  // Half of what is cut off is added, less one where the rest would be even; the carry does the rounding,
  // up to infinity. A NaN might be carried out of its range: it keeps its upper half and becomes quiet.
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return (bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16) | 0x40 : rounded;
}

static inline __attribute__((always_inline)) float bf16_value(uint32_t bits) {
  const uint32_t whole = bits << 16;
  float x;
  memcpy(&x, &whole, sizeof x);
  return x;
}

#endif
