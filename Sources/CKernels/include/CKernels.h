// Loops over rows of numbers: the only code of the product that is chosen by the CPU.
//
// Each function of kernel_list.h exists as NAME_float and NAME_double, each of bf16_list.h as NAME_float,
// and each of these in one version for every path that the compiler can build here. The widest path of
// this CPU is chosen when the program is loaded. Nothing here allocates, starts a thread or does input
// or output.
#ifndef UNROLL_CKERNELS_H
#define UNROLL_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

// A product: result [rows, groups·panels·P] = left [rows, inner] · right. Strides are in scalars.
struct product_shape {
  ptrdiff_t rows, inner;
  // Panels of P columns of the right operand and of the result, in groups.
  ptrdiff_t groups, panels;
  // The columns of the last panel that exist in the result.
  ptrdiff_t last_width;
  // The left operand, or its transpose, lies in panels [rows][P], left_block apart, in groups of so many
  // panels, left_group apart; a transposed one has no groups.
  int left_transposed;
  ptrdiff_t left_panels, left_block, left_group;
  ptrdiff_t right_panel, right_group;
  ptrdiff_t result_row, result_panel, result_group;
};

// Where the random bits of a mask come from: Philox4x32-10, eight numbers of 16 bits a block, from this
// counter on; the first word counts blocks.
struct mask_source {
  uint32_t counter[4];
  uint32_t key[2];
};

#define SCALAR float
#define KERNEL(result, name, parameters, arguments) result name##_float parameters;
#include "kernel_list.h"
#include "bf16_list.h"
#undef SCALAR
#undef KERNEL

#define SCALAR double
#define KERNEL(result, name, parameters, arguments) result name##_double parameters;
#include "kernel_list.h"
#undef SCALAR
#undef KERNEL

// The paths that this CPU can run, the plain one first and the widest last.
ptrdiff_t kernel_path_count(void);
// The name of path `index`: "plain", "avx2", "avx512" or "amx"; after these comes "amx-emulated", which
// computes what amx would, slowly, and is there to be tested.
const char *_Nonnull kernel_path_name(ptrdiff_t index);
// The path that this thread uses.
ptrdiff_t kernel_path_current(void);
// Uses path `index` on this thread from now on.
void kernel_path_select(ptrdiff_t index);
// Uses path `index` on every thread that was told nothing else. To be called before threads start.
void kernel_path_set_default(ptrdiff_t index);

// Makes this thread treat denormal numbers as zero; returns the former state for
// `kernel_denormals_restore`, which also gives back the tiles that the products in between have used. Does
// nothing on CPUs other than x86-64.
uint32_t kernel_denormals_flush(void);
void kernel_denormals_restore(uint32_t state);

#endif
