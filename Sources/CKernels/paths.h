// What the paths share: the declarations of every kernel in each of them.
#ifndef UNROLL_PATHS_H
#define UNROLL_PATHS_H

#include "CKernels.h"

#include <string.h>

#define SCALAR float
#define KERNEL(result, name, parameters, arguments) \
  result name##_float_plain parameters; \
  result name##_float_avx2 parameters; \
  result name##_float_avx512 parameters;
#include "kernel_list.h"
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

#endif
