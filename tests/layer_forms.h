/* layer_forms.h: lets the tests of a layer run each form of its kernels on any device: work-items of vectors (CPU), and work-groups of plain floats (GPU).
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_TESTS_LAYER_FORMS_H
#define CONVCL_TESTS_LAYER_FORMS_H

#include <stdio.h>

#include "harness.h"
#include "opencl/context_struct.h"

/* What a plan is told about its device. */
typedef struct layer_form {
    const char *name;
    cl_device_type type;
    unsigned vector_width;
} layer_form;

#define LAYER_FORMS 4
static const layer_form layer_forms[LAYER_FORMS] = {
    {"vectors16", CL_DEVICE_TYPE_CPU, 16},
    {"vectors8", CL_DEVICE_TYPE_CPU, 8},
    {"vectors4", CL_DEVICE_TYPE_CPU, 4},
    {"groups", CL_DEVICE_TYPE_GPU, 1},
};

static void layer_form_restore(void *device_pointer) {
    harness_device *device = device_pointer;
    device->context->info = device->info;
}

/* Plans made from here to the end of the test take this form. */
static inline void layer_form_use(harness_device *device, const layer_form *form) {
    device->context->info.type = form->type;
    device->context->info.vector_width = form->vector_width;
    harness_defer(layer_form_restore, device);
    harness_note("form %s", form->name);
}

/* Registers a test once for each form; its data is the form. */
static inline void layer_form_add(const char *name, harness_device_fn test) {
    for (int i = 0; i < LAYER_FORMS; ++i) {
        char full[200];
        snprintf(full, sizeof full, "%s %s", name, layer_forms[i].name);
        harness_add_device_test(full, test, &layer_forms[i]);
    }
}
#define LAYER_FORM_TESTS(test) layer_form_add(#test, test)

#endif
