// Chooses the path once, when the program is loaded, and calls through its table.
//
// A table of pointers rather than `target_clones`: the resolvers of the latter run before the
// runtime of a sanitizer is ready, and a path could not be forced in a test.
#include "paths.h"

struct table {
  const char *name;
#define SCALAR float
#define KERNEL(result, name, parameters, arguments) result (*_Nonnull name##_float) parameters;
#include "kernel_list.h"
#include "bf16_list.h"
#undef SCALAR
#undef KERNEL
#define SCALAR double
#define KERNEL(result, name, parameters, arguments) result (*_Nonnull name##_double) parameters;
#include "kernel_list.h"
#undef SCALAR
#undef KERNEL
};

#define SCALAR float
#define KERNEL(result, name, parameters, arguments) .name##_float = name##_float_plain,
static const struct table plain = {
  .name = "plain",
#include "kernel_list.h"
#include "bf16_list.h"
#undef SCALAR
#undef KERNEL
#define SCALAR double
#define KERNEL(result, name, parameters, arguments) .name##_double = name##_double_plain,
#include "kernel_list.h"
#undef SCALAR
#undef KERNEL
};

#define SCALAR float
#define KERNEL(result, name, parameters, arguments) .name##_float = name##_float_amx_emulated,
static const struct table amx_emulated = {
  .name = "amx-emulated",
#include "kernel_list.h"
#include "bf16_list.h"
#undef SCALAR
#undef KERNEL
#define SCALAR double
#define KERNEL(result, name, parameters, arguments) .name##_double = name##_double_plain,
#include "kernel_list.h"
#undef SCALAR
#undef KERNEL
};

#if defined(__x86_64__)
#define SCALAR float
#define KERNEL(result, name, parameters, arguments) .name##_float = name##_float_avx2,
static const struct table avx2 = {
  .name = "avx2",
#include "kernel_list.h"
#include "bf16_list.h"
#undef SCALAR
#undef KERNEL
#define SCALAR double
#define KERNEL(result, name, parameters, arguments) .name##_double = name##_double_avx2,
#include "kernel_list.h"
#undef SCALAR
#undef KERNEL
};

#define SCALAR float
#define KERNEL(result, name, parameters, arguments) .name##_float = name##_float_avx512,
static const struct table avx512 = {
  .name = "avx512",
#include "kernel_list.h"
#include "bf16_list.h"
#undef SCALAR
#undef KERNEL
#define SCALAR double
#define KERNEL(result, name, parameters, arguments) .name##_double = name##_double_avx512,
#include "kernel_list.h"
#undef SCALAR
#undef KERNEL
};

#define SCALAR float
#define KERNEL(result, name, parameters, arguments) .name##_float = name##_float_avx512,
static const struct table amx = {
  .name = "amx",
#define WITHOUT_PRODUCTS
#include "kernel_list.h"
#undef WITHOUT_PRODUCTS
#undef KERNEL
#define KERNEL(result, name, parameters, arguments) .name##_float = name##_float_amx,
#include "product_list.h"
#include "bf16_list.h"
#undef SCALAR
#undef KERNEL
#define SCALAR double
#define KERNEL(result, name, parameters, arguments) .name##_double = name##_double_avx512,
#include "kernel_list.h"
#undef SCALAR
#undef KERNEL
};
#endif

// The paths of this CPU, and the emulated one after them.
static const struct table *paths[5] = {&plain};
static ptrdiff_t path_count = 1;
static const struct table *widest = &plain;
// A path that this thread was told to use, for tests and comparisons.
static _Thread_local const struct table *forced __attribute__((tls_model("initial-exec"))) = NULL;

__attribute__((constructor)) static void choose_path(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    paths[path_count++] = &avx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
      paths[path_count++] = &avx512;
      if (amx_is_usable()) paths[path_count++] = &amx;
    }
  }
#endif
  widest = paths[path_count - 1];
  paths[path_count] = &amx_emulated;
}

static const struct table *current(void) { return forced ? forced : widest; }

ptrdiff_t kernel_path_count(void) { return path_count; }
const char *kernel_path_name(ptrdiff_t index) { return paths[index]->name; }

ptrdiff_t kernel_path_current(void) {
  ptrdiff_t index = 0;
  while (paths[index] != current()) index++;
  return index;
}

void kernel_path_select(ptrdiff_t index) { forced = paths[index]; }
void kernel_path_set_default(ptrdiff_t index) { widest = paths[index]; }

#define SCALAR float
#define KERNEL(result, name, parameters, arguments) \
  result name##_float parameters { return current()->name##_float arguments; }
#include "kernel_list.h"
#include "bf16_list.h"
#undef SCALAR
#undef KERNEL

#define SCALAR double
#define KERNEL(result, name, parameters, arguments) \
  result name##_double parameters { return current()->name##_double arguments; }
#include "kernel_list.h"
#undef SCALAR
#undef KERNEL

#if defined(__x86_64__)
// Flush to zero and denormals are zero.
enum { denormal_bits = 0x8040 };

uint32_t kernel_denormals_flush(void) {
  const uint32_t state = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(state | denormal_bits);
  return state;
}

void kernel_denormals_restore(uint32_t state) {
  tiles_release();
  // Exceptions raised meanwhile stay visible; only the two modes go back.
  const uint32_t now = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr((now & ~(uint32_t)denormal_bits) | (state & denormal_bits));
}
#else
uint32_t kernel_denormals_flush(void) { return 0; }
void kernel_denormals_restore(uint32_t state) { (void)state; }
#endif
