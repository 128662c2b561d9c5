/* maxpool_windows.h: which windows of a max-pooling hold a pixel of x, and the gradient that they send to it.
 * SPDX-License-Identifier: MIT
 * Needs channels ih iw oh ow window_h window_w stride_h stride_w pad_top pad_left of the kernel; works with layer_vector.h. */

/* A pixel of x, counted from the first window's begin, and the windows (p, q) that hold it. */
typedef struct pool_pixel {
    int h, w;
    int p_first, p_end, q_first, q_end;
    size_t image; /* rows of y before the pixel's image */
} pool_pixel;

/* First window, of those `stride` apart, that reaches `place`; places count from the first window's begin. */
static int first_window(int place, int window, int stride) {
    return place < window ? 0 : (place - window) / stride + 1;
}

#define D_FIND_ROWS(pixel)                                                                                                                 \
    ((pixel).p_first = first_window((pixel).h, window_h, stride_h), (pixel).p_end = min((pixel).h / stride_h + 1, oh))
#define D_FIND_COLUMNS(pixel)                                                                                                              \
    ((pixel).q_first = first_window((pixel).w, window_w, stride_w), (pixel).q_end = min((pixel).w / stride_w + 1, ow))

/* Sets `pixel` to the one of that number, n*ih*iw of them. */
#define D_FIND_PIXEL(pixel, number)                                                                                                        \
    do {                                                                                                                                   \
        (pixel).w = (int)((number) % iw) + pad_left;                                                                                       \
        (pixel).h = (int)((number) / iw % ih) + pad_top;                                                                                   \
        (pixel).image = (number) / iw / ih * oh;                                                                                           \
        D_FIND_ROWS(pixel);                                                                                                                \
        D_FIND_COLUMNS(pixel);                                                                                                             \
    } while (0)

/* Moves on to the next pixel without a division of 64 bits, which on a CPU takes as long as a vector of channels. */
#define D_NEXT_PIXEL(pixel)                                                                                                                \
    do {                                                                                                                                   \
        if (++(pixel).w == iw + pad_left) {                                                                                                \
            (pixel).w = pad_left;                                                                                                          \
            if (++(pixel).h == ih + pad_top) {                                                                                             \
                (pixel).h = pad_top;                                                                                                       \
                (pixel).image += oh;                                                                                                       \
            }                                                                                                                              \
            D_FIND_ROWS(pixel);                                                                                                            \
        }                                                                                                                                  \
        D_FIND_COLUMNS(pixel);                                                                                                             \
    } while (0)

/* Adds up dy of the windows whose maximum is at the pixel, in the order of p then q, for T_VW channels. */
static vec_float gather_windows(__global const float *dy, __global const ushort *index, const pool_pixel *pixel, int channels, int ow,
                                int window_w, int stride_h, int stride_w, int channel) {
    vec_float sum = 0.0f;
    for (int p = pixel->p_first; p < pixel->p_end; ++p) {
        size_t at = ((pixel->image + p) * ow + pixel->q_first) * channels + channel;
        int place = (pixel->h - p * stride_h) * window_w + (pixel->w - pixel->q_first * stride_w);
        for (int q = pixel->q_first; q < pixel->q_end; ++q, at += channels, place -= stride_w)
            sum += select((vec_float)(0.0f), D_LOAD(dy + at), D_NAME(convert_int)(D_LOAD(index + at)) == place);
    }
    return sum;
}
