/* gemm.h: the GEMM core, C = A * B, behind every convolution. It knows panels and a map, no convolution.
 * SPDX-License-Identifier: MIT
 *
 * Panels: A as [gb][gm / mr][gk][mr], B as [gb][gn / nr][gk][nr], padded with zeros to whole panels by whoever packs them. mr and nr are the variant's.
 * A may instead come through a gather map (see kernels/gather_map.h), where the variant can read it so. C is [gb][gm][ldc], row-major. */
#ifndef CONVCL_GEMM_GEMM_H
#define CONVCL_GEMM_GEMM_H

#include <stdbool.h>
#include <stddef.h>

#include "convcl/tensor.h"
#include "opencl/context_internal.h"
#include "opencl/device_traits.h"
#include "opencl/kernel.h"

/* What A is: panels, a tensor seen through a map, or a plain matrix. The values are those of P_A in the kernels. */
typedef enum convcl_gemm_source {
    CONVCL_GEMM_PANELS = 0,
    CONVCL_GEMM_ROWS = 1,   /* rows are pixels, gk = taps * run */
    CONVCL_GEMM_SUM = 2,    /* k runs over pixels, gm = taps * run */
    CONVCL_GEMM_PLAIN = 3,  /* A as [gb][gm][lda] */
    CONVCL_GEMM_TURNED = 4, /* A as [gb][gk][lda] */
    CONVCL_GEMM_BLOCKS = 5  /* A as [gb][lda / block][gm][block]: panels of B that serve as A, with k where the columns were */
} convcl_gemm_source;

/* A batch of planes of unequal height, see kernels/planes.h. The rows of A and C (TURNED: of A and B, the values of k) are those of the planes; the fields in
 * the order of the kernels' arguments. */
typedef struct convcl_gemm_planes {
    int images; /* 0: all planes are equal */
    int points_w, small_h, tiles_h, big_h, small_w, tiles_w, big_w;
    int gap; /* floats between planes of A and C (TURNED: of A, B and C) */
} convcl_gemm_planes;

#define CONVCL_GEMM_PLANES_ARGS 9

/* Rows of plane e. */
int convcl_gemm__plane_rows(const convcl_gemm_planes *planes, int e);

/* The fields of gather_map in kernels/gather_map.h, in the same order. */
typedef struct convcl_gather_map {
    int ph, pw, sh, sw, pixel, th, tw, run;
    int step_h, tap_h, base_h, step_w, tap_w, base_w;
    int out_h, out_w, out_step_h, out_base_h, out_step_w, out_base_w;
} convcl_gather_map;

#define CONVCL_GATHER_MAP_ARGS 20

/* Appends the map's kernel arguments; returns the new count. */
int convcl_gather_map__args(const convcl_gather_map *map, convcl_arg *args, int count);

/* Which code a GEMM needs. Sizes here only help to choose a tile; each call brings its own. */
typedef struct convcl_gemm_request {
    const char *variant; /* a name of the table, or NULL: the device's default */
    convcl_gemm_source source;
    bool check; /* taps may lie outside the source */
    bool bias, relu, mask;
    int gm, gn, gb;          /* 0: unknown */
    const convcl_tile *tile; /* tile, mma: this one of the parameter space; NULL: chosen */
    int space;               /* tile: 1 + the index of one of the parameter space; 0: chosen, or `tile` */
    int mr;                  /* register: rows of a tile; 0: chosen */
    int prefetch;     /* register: 1 with it, -1 without, 0: chosen; tile, mma: 1 asynchronous copies of B into local memory, else none */
    int run;          /* the map's run, for TURNED gm, so that tiles can divide it; not read for the others */
    convcl_math math; /* whether matrix units may be used, and how */
    const char *emulate; /* mma, mma_half: the plain twin of that unit's kernel, on any device, for tests; NULL: the device's own unit */
} convcl_gemm_request;

/* One product. Workspace serves variants that need it. */
typedef struct convcl_gemm_call {
    convcl_buffer a, b, c, bias, mask, workspace;
    int gm, gn, gk, gb; /* gb must be 1 with a map, a bias, a ReLU or a mask */
    int lda;            /* not read for PANELS and with a map */
    int block;          /* BLOCKS: values of k in a block */
    int ldc;
    size_t b_stride; /* floats from one B of the batch to the next; 0: they touch. Not read for TURNED with planes, whose B touch */
    convcl_gemm_planes planes; /* PLAIN, BLOCKS, TURNED: gm (TURNED: gk) is then the height of the tallest plane, gb the number of planes */
    bool accumulate;           /* C += A * B */
    convcl_gather_map map;     /* not read without a map */
} convcl_gemm_call;

typedef struct convcl_gemm convcl_gemm;

/* A way to multiply: the row of a table that conv, the tests and the bench walk. */
typedef struct convcl_gemm_variant {
    const char *name;
    bool gathers;      /* can read A through a map; otherwise pack_gather makes panels of it */
    bool takes_planes; /* in one call; otherwise it gets one plane after the other */
    bool narrow;       /* numbers of less range than float's, so that sizes that a float holds can overflow: only for who asks by name */
    bool plain_c;      /* writes a plain C into the workspace, to be unpacked */
    bool (*available)(convcl_context *context);
    convcl_status (*create)(convcl_context *context, const convcl_gemm_request *request, convcl_gemm *gemm);
    size_t (*workspace)(const convcl_gemm *gemm, int gm, int gn, int gk); /* floats of its own; NULL: none */
    convcl_status (*enqueue)(const convcl_gemm *gemm, convcl_stream *stream, const convcl_gemm_call *call);
} convcl_gemm_variant;

/* NULL-terminated. */
extern const convcl_gemm_variant *const convcl_gemm_variants[];

/* A GEMM ready to enqueue; immutable after create. */
struct convcl_gemm {
    const convcl_gemm_variant *variant;
    convcl_context *context; /* a reference */
    convcl_gemm_request request;
    convcl_gemm_source source; /* what the kernel reads: PANELS when the variant cannot gather */
    int mr, nr;                /* panel widths; 0: one panel as wide as the matrix */
    int vector;                /* register: floats of a vector */
    int items;                 /* local, tile, mma: work-items of a group */
    int tk;                    /* tile, mma: values of k that are staged at a time */
    convcl_kernel *split_sum;  /* tile, mma: adds up the splits of a long sum */
    convcl_kernel *kernel;     /* the product, or the epilogue of a variant without one */
    convcl_kernel *gather;     /* pack_gather, when the variant cannot gather */
    cl_mem zeros;              /* register: what taps outside the source read */
    char description[96];
};

/* Whether the device can use that variant of the table. May build and run a probe the first time. */
bool convcl_gemm__is_available(convcl_context *context, const char *variant);

/* Chooses the variant and builds its kernels.
 *
 * gemm_out  the caller's to destroy; NULL on failure
 * CONVCL_UNSUPPORTED for an unknown or unavailable variant. */
convcl_status convcl_gemm__create(convcl_context *context, const convcl_gemm_request *request, convcl_gemm **gemm_out);

/* NULL is fine. */
void convcl_gemm__destroy(convcl_gemm *gemm);

/* Width of a panel of A for gm rows, of B for gn columns. */
int convcl_gemm__panel_rows(const convcl_gemm *gemm, int gm);
int convcl_gemm__panel_columns(const convcl_gemm *gemm, int gn);

/* Floats of B in panels. */
size_t convcl_gemm__size_b(const convcl_gemm *gemm, int gn, int gk);

/* Floats of workspace for a product of that size. */
size_t convcl_gemm__workspace(const convcl_gemm *gemm, int gm, int gn, int gk);

/* Enqueues one product. Nothing happens when gm, gn or gb is 0; gk 0 makes C zero (with bias and activation). */
convcl_status convcl_gemm__enqueue(const convcl_gemm *gemm, convcl_stream *stream, const convcl_gemm_call *call);

/* The parameter space of the variant "tile": what a request may name. */
int convcl_gemm_tile__count(void);
convcl_tile convcl_gemm_tile__get(int index);

/* Parts that "tile" and the matrix units cut a sum of gk products into, each summed by itself. */
int convcl_gemm_tile__splits(const convcl_gemm *gemm, int gm, int gn, int gk);

/* The matrix units that there are kernels for, by name; `emulate` and the functions below take them. */
int convcl_gemm_mma__units(void);
const char *convcl_gemm_mma__unit(int index);

/* The variant that a unit belongs to: "mma", or "mma_half" when its operands have the range of halves. */
const char *convcl_gemm_mma__variant(const char *unit);

/* A unit's parameter space; wm and wn are rows and columns of a wave. */
int convcl_gemm_mma__count(const char *unit);
convcl_tile convcl_gemm_mma__get(const char *unit, int index);

/* Runs a small product by a unit's plain twin and compares it with the same sums in double, as is done once with a device's own unit before it is used. Blocks. */
convcl_status convcl_gemm_mma__probe(convcl_context *context, const char *unit, bool *right_out);

/* Says what the probe of a unit (NULL: of all) has shown, so that it is not run. */
void convcl_gemm_mma__set_probe(convcl_context *context, const char *unit, convcl_probe found);

/* The same for asynchronous copies: a product with the device's own, or with their twin. */
convcl_status convcl_gemm_async__probe(convcl_context *context, bool twin, bool *right_out);
void convcl_gemm_async__set_probe(convcl_context *context, convcl_probe found);

/* Whether "mma" is what a device's GEMM should be when nobody says: its probe passed, the math allows it, and the unit is faster by its data sheet. */
bool convcl_gemm_mma__is_default(convcl_context *context, convcl_math math);

#endif
