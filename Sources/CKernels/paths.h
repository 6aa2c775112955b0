// What the paths share: the declarations of every kernel in each of them. On amx there are only the products,
// in the emulated one all for float.
#ifndef UNROLL_PATHS_H
#define UNROLL_PATHS_H

#include "CKernels.h"

#include <string.h>

#define SCALAR float
#define KERNEL(result, name, parameters, arguments) \
  result name##_float_plain parameters; \
  result name##_float_avx2 parameters; \
  result name##_float_avx512 parameters; \
  result name##_float_amx_emulated parameters;
#include "kernel_list.h"
#include "bf16_list.h"
#undef SCALAR
#undef KERNEL

#define SCALAR float
#define KERNEL(result, name, parameters, arguments) result name##_float_amx parameters;
#include "product_list.h"
#include "bf16_list.h"
#undef SCALAR
#undef KERNEL

#define SCALAR double
#define KERNEL(result, name, parameters, arguments) \
  result name##_double_plain parameters; \
  result name##_double_avx2 parameters; \
  result name##_double_avx512 parameters;
#include "kernel_list.h"
#undef SCALAR
#undef KERNEL

// Whether this CPU has tiles that compute what they should, and the system lets this process use them.
// To be asked once, on a CPU that has all of avx512.
int amx_is_usable(void);

// Gives back the registers of tiles that this thread has configured, if it has: while it has them, each
// switch of threads saves them, and the core cannot sleep deeply.
void tiles_release(void);

#endif
