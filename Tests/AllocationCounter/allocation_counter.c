// Takes the place of the C library's allocator in a test program, and counts the calls of each thread.
// glibc's own functions go on behind these names, so that free() needs no counterpart here.
#include "allocation_counter.h"

#include <errno.h>
#include <stddef.h>

static _Thread_local int64_t count;

int64_t allocations_of_this_thread(void) { return count; }

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t items, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  count++;
  return __libc_malloc(size);
}

void *calloc(size_t items, size_t size) {
  count++;
  return __libc_calloc(items, size);
}

void *realloc(void *old, size_t size) {
  count++;
  return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count++;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **to, size_t alignment, size_t size) {
  count++;
  *to = __libc_memalign(alignment, size);
  return *to ? 0 : ENOMEM;
}

#endif
