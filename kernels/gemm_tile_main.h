/* gemm_tile_main.h: the kernel around what a work-item sums: the same for plain work-items (gemm_tile.cl) and for matrix units (gemm_*_<vendor>.cl).
 * SPDX-License-Identifier: MIT
 *
 * The file that includes it has defined D_KERNEL and D_ITEMS, included gemm_tile_stage.h, and says what a work-item sums: sum_type acc[D_SUMS], multiply, store;
 * and D_ATTRIBUTES, if the kernel has more of them. */
#ifndef D_ATTRIBUTES
#define D_ATTRIBUTES
#endif
__kernel __attribute__((reqd_work_group_size(D_ITEMS, 1, 1))) D_ATTRIBUTES void D_KERNEL(
    __global const float *restrict a, ulong a_offset, __global const float *restrict b, ulong b_offset, __global float *restrict c,
    ulong c_offset, __global const float *restrict bias, ulong bias_offset, __global const float *restrict mask, ulong mask_offset, int gm,
    int gn, int gk, int lda, int block, int ldc, ulong b_stride, int accumulate, int split_k, PLANES_ARGS
#if D_MAPPED
    ,
    GATHER_MAP_ARGS
#endif
) {
    __local float tile_a[2 * T_TK * D_LINE_A] __attribute__((aligned(16)));
    __local float tile_b[2 * T_TK * D_LINE_B] __attribute__((aligned(16)));
    const int item = get_local_id(0);
    const int panels_n = (gn + T_TN - 1) / T_TN, batch = get_group_id(1);
    const int panel_m = get_group_id(0) / panels_n, panel_n = get_group_id(0) - panel_m * panels_n;
    const plane here = plane_of(batch, images, points_w, small_h, tiles_h, big_h, small_w, tiles_w, big_w, gap);
    source from = {.item = item, .first_row = panel_m * T_TM, .gm = gm, .end_k = gk, .ld = lda, .block = block};
    ulong first_row = (ulong)batch * gm; /* of C */
    int first_k = 0;
    a += a_offset;
    b += b_offset;
#if P_A == A_TURNED
    from.end_k = here.rows;
    a += here.before * lda + here.gaps;
    b += (here.before * panels_n + (ulong)panel_n * here.rows) * T_TN + here.gaps;
#else
    b += (P_A == A_SUM ? 0 : batch * b_stride) + (ulong)panel_n * gk * T_TN;
#endif
#if P_A == A_PANELS
    a += ((ulong)batch * ((gm + T_TM - 1) / T_TM) + panel_m) * gk * T_TM;
#elif P_A == A_PLAIN || P_A == A_BLOCKS
    from.gm = here.rows;
    if (from.first_row >=
        here.rows) /* a plane lower than the tallest: nothing to sum. No return, which PoCL 3.1 cannot do before a barrier */
        from.end_k = 0;
    a += here.before * lda + here.gaps;
    first_row = here.before;
#elif P_A == A_SUM
    first_k = batch * split_k;
    from.end_k = min(first_k + split_k, gk);
#endif
    c += c_offset + first_row * ldc + here.gaps;
    bias += bias_offset;
    mask += mask_offset + first_row * ldc;
#if D_MAPPED
    GATHER_MAP_MAKE(map);
#endif
    from.a_aligned = ((size_t)a & 15) == 0;
    from.b_aligned = ((size_t)b & 15) == 0;
#if P_A == A_PLAIN || P_A == A_TURNED
    from.a_aligned &= lda % 4 == 0;
#elif P_A == A_BLOCKS
    from.a_aligned &= block % 4 == 0;
#elif P_A == A_ROWS
    from.a_aligned &= pixel % 4 == 0;
    staged_rows rows;
    find_rows(&map, &from, &rows);
#elif P_A == A_SUM
    from.a_aligned &= pixel % 4 == 0;
    __local staged_pixels pixels[2];
    const staged_tap tap = find_tap(&map, &from);
    find_pixels(&map, item, first_k, from.end_k, &pixels[0]);
    find_pixels(&map, item, first_k + T_TK, from.end_k, &pixels[1]);
    barrier(CLK_LOCAL_MEM_FENCE);
#endif

    sum_type acc[D_SUMS];
    float next_a[D_LOADS_A * D_VA];
#if !T_ASYNC
    float4 next_b[D_LOADS_B];
#endif
#pragma unroll
    for (int i = 0; i < D_SUMS; ++i)
        acc[i] = (sum_type)(0.0f);
    LOAD_A(next_a, first_k, 0);
#if T_ASYNC
    copy_b(&from, b, first_k, tile_b);
    store_a(tile_a, item, next_a);
    copies_wait();
#else
    load_b(&from, b, first_k, next_b);
    store_a(tile_a, item, next_a);
    store_b(tile_b, item, next_b);
#endif
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = first_k, step = 0; k < from.end_k; k += T_TK, ++step) {
        const int now = step & 1;
        /* What comes past the end reads as 0 and is never multiplied. */
        LOAD_A(next_a, k + T_TK, now ^ 1);
#if T_ASYNC
        copy_b(&from, b, k + T_TK, tile_b + (now ^ 1) * T_TK * D_LINE_B); /* whom all have read before the last barrier */
#else
        load_b(&from, b, k + T_TK, next_b);
#endif
#if P_A == A_SUM
        /* This step's pixels were read a step ago. Before the product, or AMD's compiler keeps all of its operands in registers. */
        find_pixels(&map, item, k + 2 * T_TK, from.end_k, &pixels[now]);
#endif
        multiply(tile_a + now * T_TK * D_LINE_A, tile_b + now * T_TK * D_LINE_B, item, acc);
        store_a(tile_a + (now ^ 1) * T_TK * D_LINE_A, item, next_a);
#if T_ASYNC
        copies_wait();
#else
        store_b(tile_b + (now ^ 1) * T_TK * D_LINE_B, item, next_b);
#endif
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    const result to = {
        .c = c,
        .bias = bias,
        .mask = mask,
        .first_row = from.first_row,
        .first_column = panel_n * T_TN,
        .gm = from.gm,
        .gn = gn,
        .ldc = ldc,
        .accumulate = accumulate,
#if P_A == A_ROWS
        .map = &map
#endif
    };
    store(acc, &to, item);
}
