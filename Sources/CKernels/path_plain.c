// What any machine runs: the compiler vectorises for the baseline of its target.
#include "paths.h"
#define PATH plain
#include "template/all.inc"
