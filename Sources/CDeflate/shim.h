#pragma once
// DEFLATE twice: libdeflate for what fits into memory, zlib for what has to be read in pieces.
#include <libdeflate.h>
#include <zlib.h>
