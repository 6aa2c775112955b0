// What amx would compute, on any machine: the panels of avx512 and tiles in C. For tests alone.
#include "paths.h"
#include "tiles_emulated.h"
#define PATH amx_emulated
#define VECTOR_BYTES 64
#define TILE_ROWS 12
#define HAS_TILES
// All products are on tiles, however narrow.
#define NARROW 0
#define NARROW_PACK(...)
#define NARROW_PACK_BACK(...)
#define NARROW_PRODUCT(...)
#include "template/all.inc"
