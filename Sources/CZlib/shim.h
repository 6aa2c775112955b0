#ifndef CZLIB_SHIM_H
#define CZLIB_SHIM_H

#include <zlib.h>

// inflateInit2 is a macro, which Swift cannot call. Minus 15: a raw stream, as a zip file holds it.
static inline int unroll_inflate_raw_init(z_stream *stream) {
  return inflateInit2(stream, -15);
}

// 16 more than the window: a stream with the head and the checksum of gzip.
static inline int unroll_inflate_gzip_init(z_stream *stream) {
  return inflateInit2(stream, 15 + 16);
}

#endif
