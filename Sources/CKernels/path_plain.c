// What any machine runs: the compiler vectorises for the baseline of its target.
#include "paths.h"
#define PATH plain
#define VECTOR_BYTES 16
#define TILE_ROWS 6
#include "template/all.inc"
