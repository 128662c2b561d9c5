/* conv_case.c: runs a convolution on a device and holds it against the reference.
 * SPDX-License-Identifier: MIT */
#include "conv_case.h"

#include <math.h>
#include <stdio.h>

#include "conv/conv_algo.h"
#include "gemm/gemm.h"
#include "layer_forms.h"
#include "opencl/context_internal.h"
#include "reference/ref_case.h"
#include "reference/ref_conv.h"

/* ---- shapes and values ---- */

harness_shape conv_shape_x(const convcl_conv_desc *d) {
    return HARNESS_SHAPE(d->n, d->ih, d->iw, d->ic);
}

harness_shape conv_shape_w(const convcl_conv_desc *d) {
    return HARNESS_SHAPE(d->fh, d->fw, d->ic / d->groups, d->oc);
}

harness_shape conv_shape_b(const convcl_conv_desc *d) {
    return HARNESS_VECTOR(d->oc);
}

harness_shape conv_shape_y(const convcl_conv_desc *d) {
    int oh, ow;
    convcl_ref_conv_output_size(d, &oh, &ow);
    return HARNESS_SHAPE(d->n, oh, ow, d->oc);
}

double conv_terms(const convcl_conv_desc *d, convcl_conv_dir dir) {
    const harness_shape y = conv_shape_y(d);
    if (dir == CONVCL_CONV_BWD_WEIGHTS)
        return (double)(y.dim[0] * y.dim[1] * y.dim[2]);
    return (double)d->fh * d->fw * (dir == CONVCL_CONV_FWD ? d->ic : d->oc) / d->groups;
}

harness_bound conv_bound(double terms, size_t count) {
    return HARNESS_WITHIN_RMS((1e-7 + 4e-8 * sqrt(terms)) * (count < 64 ? 8 : 1));
}

static conv_values alloc_values(const convcl_conv_desc *d) {
    return (conv_values){.x = harness_floats(harness_shape_count(conv_shape_x(d))),
                         .w = harness_floats(harness_shape_count(conv_shape_w(d))),
                         .b = harness_floats(harness_shape_count(conv_shape_b(d))),
                         .dy = harness_floats(harness_shape_count(conv_shape_y(d)))};
}

conv_values conv_random_values(const convcl_conv_desc *d) {
    conv_values v = alloc_values(d);
    harness_uniform(v.x, harness_shape_count(conv_shape_x(d)), -1, 1);
    harness_uniform(v.w, harness_shape_count(conv_shape_w(d)), -1, 1);
    harness_uniform(v.b, harness_shape_count(conv_shape_b(d)), -1, 1);
    harness_uniform(v.dy, harness_shape_count(conv_shape_y(d)), -1, 1);
    return v;
}

conv_values conv_integer_values(const convcl_conv_desc *d) {
    conv_values v = alloc_values(d);
    harness_integers(v.x, harness_shape_count(conv_shape_x(d)), -4, 4);
    harness_integers(v.w, harness_shape_count(conv_shape_w(d)), -4, 4);
    harness_integers(v.b, harness_shape_count(conv_shape_b(d)), -4, 4);
    harness_integers(v.dy, harness_shape_count(conv_shape_y(d)), -4, 4);
    return v;
}

/* ---- on the device ---- */

static void destroy_plan(void *plan) {
    convcl_conv_plan_destroy(plan);
}

convcl_conv_plan *conv_plan(harness_device *device, const conv_case *c) {
    convcl_conv_plan *plan = NULL;
    convcl_status status = convcl_conv_plan_create(device->context, &c->desc, c->dir, &c->options, &plan);
    if (status == CONVCL_UNSUPPORTED && c->options.gemm && strcmp(c->options.gemm, "clblast") == 0)
        harness_skip("CLBlast cannot: %s", convcl_last_error());
    assert_ok(status);
    harness_defer(destroy_plan, plan);
    harness_note("%s", convcl_conv_plan_describe(plan));
    return plan;
}

conv_tensors conv_upload(harness_device *device, const conv_case *c, const convcl_conv_plan *plan, const conv_values *v) {
    const convcl_conv_desc *d = &c->desc;
    conv_tensors t = {0};
    if (c->dir != CONVCL_CONV_BWD_DATA || d->relu_mask)
        t.x = harness_input(device, "x", conv_shape_x(d), v->x);
    if (c->dir != CONVCL_CONV_BWD_WEIGHTS)
        t.w = harness_input(device, "w", conv_shape_w(d), v->w);
    if (c->dir == CONVCL_CONV_FWD) {
        if (d->has_bias)
            t.b = harness_input(device, "b", conv_shape_b(d), v->b);
        t.y = harness_output(device, "y", conv_shape_y(d));
    } else {
        t.dy = harness_input(device, "dy", conv_shape_y(d), v->dy);
    }
    if (c->dir == CONVCL_CONV_BWD_DATA)
        t.dx = harness_output(device, "dx", conv_shape_x(d));
    if (c->dir == CONVCL_CONV_BWD_WEIGHTS) {
        t.dw = harness_output(device, "dw", conv_shape_w(d));
        if (d->has_bias)
            t.db = harness_output(device, "db", conv_shape_b(d));
    }
    t.workspace = harness_workspace(device, convcl_conv_plan_workspace(plan));
    return t;
}

static convcl_buffer buffer_of(const harness_tensor *tensor) {
    return tensor ? tensor->buffer : HARNESS_NO_BUFFER;
}

convcl_status conv_enqueue(const conv_case *c, const convcl_conv_plan *plan, cl_command_queue queue, const conv_tensors *t,
                           cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    const convcl_buffer x = buffer_of(t->x), w = buffer_of(t->w), dy = buffer_of(t->dy);
    switch (c->dir) {
    case CONVCL_CONV_FWD:
        return convcl_conv_fwd_enqueue(plan, queue, x, w, buffer_of(t->b), buffer_of(t->y), t->workspace, wait_count, wait, event_out);
    case CONVCL_CONV_BWD_DATA:
        return convcl_conv_bwd_data_enqueue(plan, queue, dy, w, x, buffer_of(t->dx), t->workspace, wait_count, wait, event_out);
    case CONVCL_CONV_BWD_WEIGHTS:
        break;
    case CONVCL_CONV_BWD:
        return convcl_conv_bwd_enqueue(plan, queue, x, dy, w, HARNESS_NO_BUFFER, buffer_of(t->dx), buffer_of(t->dw), buffer_of(t->db),
                                       t->workspace, wait_count, wait, event_out);
    }
    return convcl_conv_bwd_weights_enqueue(plan, queue, x, dy, buffer_of(t->dw), buffer_of(t->db), t->workspace, wait_count, wait,
                                           event_out);
}

/* ---- against the reference ---- */

/* Direct summation is exact on whole numbers; other algorithms are held to what CONVCL_MATH_DEFAULT promises. */
static harness_bound bound_of(const conv_case *c, size_t count, bool exact) {
    const bool direct = c->options.algo && strcmp(c->options.algo, "gather") == 0;
    if (!direct)
        return HARNESS_WITHIN_RMS(count < 64 ? 8e-5 : 1e-5);
    return exact ? HARNESS_EXACT : conv_bound(conv_terms(&c->desc, c->dir), count);
}

/* The reference's outputs for a case; expected_db is written in BWD_WEIGHTS. */
static const double *reference(const conv_case *c, const conv_values *v, size_t count, double *expected_db) {
    const convcl_conv_desc *d = &c->desc;
    const double *x = harness_to_doubles(v->x, harness_shape_count(conv_shape_x(d)));
    const double *w = harness_to_doubles(v->w, harness_shape_count(conv_shape_w(d)));
    const double *b = harness_to_doubles(v->b, harness_shape_count(conv_shape_b(d)));
    const double *dy = harness_to_doubles(v->dy, harness_shape_count(conv_shape_y(d)));
    double *expected = harness_doubles(count);
    if (c->dir == CONVCL_CONV_FWD)
        convcl_ref_conv_fwd(d, x, w, b, expected);
    else if (c->dir == CONVCL_CONV_BWD_DATA)
        convcl_ref_conv_bwd_data(d, dy, w, x, expected);
    else
        convcl_ref_conv_bwd_weights(d, x, dy, expected, expected_db);
    return expected;
}

void conv_expect(const conv_case *c, const conv_values *v, const conv_tensors *t, bool exact) {
    const harness_tensor *out = t->y ? t->y : t->dx ? t->dx : t->dw;
    double *expected_db = harness_doubles(c->desc.oc);
    harness_expect(out, reference(c, v, out->count, expected_db), bound_of(c, out->count, exact));
    if (t->db)
        harness_expect(t->db, expected_db, bound_of(c, t->db->count, exact));
}

double conv_expect_within(const conv_case *c, const conv_values *v, const conv_tensors *t, double rms) {
    const harness_tensor *out = t->y ? t->y : t->dx ? t->dx : t->dw;
    double *expected_db = harness_doubles(c->desc.oc);
    const double *expected = reference(c, v, out->count, expected_db);
    harness_expect(out, expected, HARNESS_WITHIN_RMS(rms));
    if (t->db)
        harness_expect(t->db, expected_db, HARNESS_WITHIN_RMS(rms));
    return harness_relative_rms(expected, harness_read(out), out->count);
}

/* ---- cases ---- */

static void expect_same_bits(const harness_tensor *tensor, const float *before) {
    if (tensor && memcmp(harness_read(tensor), before, tensor->count * sizeof(float)) != 0)
        fail_msg("%s has other bits in a second run", tensor->name);
}

static void run_random(harness_device *device, const conv_case *c, const convcl_conv_plan *plan) {
    conv_values values = conv_random_values(&c->desc);
    conv_tensors tensors = conv_upload(device, c, plan, &values);
    assert_ok(conv_enqueue(c, plan, device->queue, &tensors, 0, NULL, NULL));
    conv_expect(c, &values, &tensors, false);
    harness_tensor *out = tensors.y ? tensors.y : tensors.dx ? tensors.dx : tensors.dw;
    float *first = harness_read(out);
    float *first_db = tensors.db ? harness_read(tensors.db) : NULL;
    harness_poison(out);
    assert_ok(conv_enqueue(c, plan, device->queue, &tensors, 0, NULL, NULL));
    expect_same_bits(out, first);
    expect_same_bits(tensors.db, first_db);
}

static void run_exact(harness_device *device, const conv_case *c, const convcl_conv_plan *plan) {
    conv_values values = conv_integer_values(&c->desc);
    conv_tensors tensors = conv_upload(device, c, plan, &values);
    assert_ok(conv_enqueue(c, plan, device->queue, &tensors, 0, NULL, NULL));
    conv_expect(c, &values, &tensors, true);
}

/* The bench makes the same values from the same seed. */
static void name_command(const harness_device *device, const conv_case *c) {
    char text[CONVCL_REF_CASE_TEXT];
    harness_repeat("conv --verify --device %d --dir %s --algo %s --gemm %s --seed %llu %s", device->info.index,
                   convcl_conv_dir_name(c->dir), c->options.algo, c->options.gemm ? c->options.gemm : "auto",
                   (unsigned long long)harness_seed(), convcl_ref_case_format_conv(&c->desc, text));
}

void conv_use_group_form(harness_device *device) {
    if (convcl_context__prefers_registers(device->context))
        layer_form_use(device, &layer_forms[LAYER_FORMS - 1]);
}

/* True where the work-groups of an algorithm without a GEMM are larger than the device's form allows, with the tile that the case names. */
static bool is_too_large(const harness_device *device, const conv_case *c) {
    convcl_conv_shape shape;
    for (const convcl_conv_algo *const *algo = convcl_conv_algos; *algo; algo++) {
        const size_t length = strlen((*algo)->name);
        if ((*algo)->dir != c->dir || !(*algo)->own_product || strncmp(c->options.algo, (*algo)->name, length) != 0)
            continue;
        assert_ok(convcl_conv_shape__make(&c->desc, &shape));
        const char *reason =
            (*algo)->refuse(device->context, &shape, c->options.algo[length] == ':' ? c->options.algo[length + 1] - '0' : 0);
        return reason && strstr(reason, "more work-items") != NULL;
    }
    return false;
}

/* What a case multiplies and adds up, twice, with two sets of values. */
static double gflop_of(const conv_case *c) {
    convcl_conv_shape shape;
    assert_ok(convcl_conv_shape__make(&c->desc, &shape));
    const convcl_conv_desc *d = &c->desc;
    return 2e-9 * 2 * d->n * shape.oh * shape.ow * d->oc * d->fh * d->fw * (d->ic / d->groups);
}

/* True where work-items of the register GEMM have some 2500 elements of k and more to sum up: llvmpipe, which counts 26 rounds of loops for each, ends them early. Large cases
 * give a work-item several tiles. */
static bool has_long_sums(const conv_case *c) {
    convcl_conv_shape shape;
    assert_ok(convcl_conv_shape__make(&c->desc, &shape));
    const convcl_conv_desc *d = &c->desc;
    const int of_pixels = d->n * shape.oh * shape.ow, of_taps = d->fh * d->fw * (c->dir == CONVCL_CONV_FWD ? d->ic : d->oc) / d->groups;
    return (c->dir == CONVCL_CONV_BWD_WEIGHTS ? of_pixels : of_taps) > 2450 || gflop_of(c) > 0.1;
}

void conv_run_case(harness_device *device, const void *conv_case_data) {
    const conv_case *c = conv_case_data;
    harness_skip_where_slow(device, gflop_of(c));
    if (!c->options.gemm) {
        conv_use_group_form(device);
        if (is_too_large(device, c))
            harness_skip("%s, driver %s: %s needs larger work-groups", device->info.name, device->info.driver, c->options.algo);
    }
    name_command(device, c);
    if (c->options.gemm && strcmp(c->options.gemm, "register") == 0 && has_long_sums(c))
        harness_skip_where_wrong(device);
    if (c->options.gemm && strcmp(c->options.gemm, "mma") == 0 && !convcl_gemm__is_available(device->context, "mma"))
        harness_skip("%s, driver %s, has no matrix unit", device->info.name, device->info.driver);
    convcl_conv_plan *plan = conv_plan(device, c);
    run_random(device, c, plan);
    run_exact(device, c, plan);
}

/* Kept for the life of the program: the registry holds pointers into it. */
static conv_case *kept_case(const conv_case *c) {
    static conv_case *all[2000];
    static size_t count;
    conv_case *copy = count < sizeof all / sizeof *all ? malloc(sizeof *copy) : NULL;
    if (!copy) {
        fprintf(stderr, "harness: too many cases\n");
        exit(1);
    }
    *copy = *c;
    return all[count++] = copy;
}

static void parse_or_exit(const char *text, convcl_conv_desc *desc_out) {
    if (harness_parse_conv(text, desc_out))
        return;
    fprintf(stderr, "harness: %s is no convolution\n", text);
    exit(1);
}

/* True when `words` holds `word`, between blanks. */
static bool has_word(const char *words, const char *word) {
    const size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += length)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == 0))
            return true;
    return false;
}

/* One row with an algorithm that has no GEMM. */
static void add_plain_row(const harness_case *row, const conv_case *c) {
    char name[256];
    snprintf(name, sizeof name, "conv %s %s %s", convcl_conv_dir_name(c->dir), c->options.algo, row->name);
    harness_add_device_test(name, conv_run_case, kept_case(c));
}

/* One row with one algorithm and every GEMM variant that keeps the range of floats; with CLBlast, and with the matrix unit that few devices have, where the row asks for CLBlast. */
static void add_row(const harness_case *row, const conv_case *c) {
    for (const convcl_gemm_variant *const *gemm = convcl_gemm_variants; *gemm; gemm++) {
        conv_case one = *c;
        char name[256];
        one.options.gemm = (*gemm)->name;
        if ((*gemm)->narrow ||
            ((strcmp((*gemm)->name, "clblast") == 0 || strcmp((*gemm)->name, "mma") == 0) && !has_word(row->flags, "clblast")))
            continue;
        snprintf(name, sizeof name, "conv %s %s %s %s", convcl_conv_dir_name(c->dir), one.options.algo, one.options.gemm, row->name);
        harness_add_device_test(name, conv_run_case, kept_case(&one));
    }
}

/* The spellings of an algorithm that rows may ask for: its name, and each of its tiles. */
static const char *spelling(const convcl_conv_algo *algo, int tile) {
    static char all[16][10][32];
    for (size_t a = 0; a < 16 && convcl_conv_algos[a]; a++)
        if (convcl_conv_algos[a] == algo) {
            snprintf(all[a][tile], sizeof all[a][tile], tile > 0 ? "%s:%d" : "%s", algo->name, tile);
            return all[a][tile];
        }
    return algo->name;
}

/* Registers the rows that run on an algorithm: all on gather, on others those that name it. An algorithm that no row tests is an error. */
static void add_rows(const harness_case *rows, int count, const convcl_conv_algo *algo) {
    int added = 0;
    for (int i = 0; i < count; i++)
        for (int tile = 0; tile < 10; tile++) {
            conv_case c = {.dir = algo->dir, .options.algo = spelling(algo, tile)};
            const bool wanted = (tile == 0 && strcmp(algo->name, "gather") == 0) || has_word(rows[i].flags, c.options.algo);
            convcl_conv_shape shape;
            parse_or_exit(rows[i].name, &c.desc);
            if (!wanted || convcl_conv_shape__make(&c.desc, &shape) != CONVCL_OK || algo->refuse(NULL, &shape, tile))
                continue;
            if (algo->own_product)
                add_plain_row(&rows[i], &c);
            else
                add_row(&rows[i], &c);
            added++;
        }
    if (added == 0) {
        fprintf(stderr, "harness: no row of cases/conv.txt tests %s in %s\n", algo->name, convcl_conv_dir_name(algo->dir));
        exit(1);
    }
}

void conv_add_table(convcl_conv_dir dir) {
    int count = 0;
    const harness_case *rows = harness_cases("conv.txt", &count);
    for (const convcl_conv_algo *const *algo = convcl_conv_algos; *algo; algo++)
        if ((*algo)->dir == dir)
            add_rows(rows, count, *algo);
}

void conv_add_for_gemms(const char *name, harness_device_fn test, const char *text, convcl_conv_dir dir) {
    for (const convcl_gemm_variant *const *gemm = convcl_gemm_variants; *gemm; gemm++) {
        if ((*gemm)->narrow || strcmp((*gemm)->name, "clblast") == 0 || strcmp((*gemm)->name, "mma") == 0)
            continue;
        conv_case c = {.dir = dir, .options = {.algo = "gather", .gemm = (*gemm)->name}};
        parse_or_exit(text, &c.desc);
        char full[256];
        snprintf(full, sizeof full, "%s %s", name, (*gemm)->name);
        harness_add_device_test(full, test, kept_case(&c));
    }
}
