/* net_internal.h: what a network is made of, shared by the files of src/net.
 * SPDX-License-Identifier: MIT
 *
 * building   net.c (life, names, the sticky error), net_build.c (layers and their shapes)
 * compiling  net_compile.c (rules, fusion, order of the work), net_steps.c (the steps), net_memory.c (lifetimes, placement, allocation),
 *            net_ahead.c (programs, by several threads), net_plans.c (one plan an operation), net_describe.c (the result in words)
 * using      net_run.c (forward, forward_backward), net_access.c (buffers, reads, writes) */
#ifndef CONVCL_NET_NET_INTERNAL_H
#define CONVCL_NET_NET_INTERNAL_H

#include <stdbool.h>

#include "base/error.h"
#include "conv/conv_internal.h"
#include "convcl/net.h"
#include "layers/layers_internal.h"

/* What a layer computes. */
typedef enum convcl_net_op {
    CONVCL_NET_OP_INPUT = 0, /* nothing: the caller writes its value */
    CONVCL_NET_OP_CONV = 1,  /* and a dense layer, which is a convolution of one pixel: is_dense */
    CONVCL_NET_OP_RELU = 2,
    CONVCL_NET_OP_LRN = 3,
    CONVCL_NET_OP_MAXPOOL = 4,
    CONVCL_NET_OP_L2_LOSS = 5,
    CONVCL_NET_OP_DROPOUT = 6,
    CONVCL_NET_OP_AVGPOOL = 7
} convcl_net_op;

/* fwd, bwd_data, bwd_weights, bwd */
#define CONVCL_NET_CONV_DIRS 4

/* A layer, and the value that it makes. Indices of layers, parameters and tensors are -1 where there is none. */
typedef struct convcl_net_layer {
    convcl_net_op op;
    char *name;
    int input; /* the layer whose value it reads */
    convcl_shape shape;
    size_t count; /* elements of its value */
    union {
        convcl_conv_desc conv;
        convcl_lrn_desc lrn;
        convcl_maxpool_desc maxpool;
        convcl_avgpool_desc avgpool;
        convcl_dropout_desc dropout;
    } desc;
    bool is_dense;
    int weights, biases; /* parameters */
    bool keep;           /* asked for by the caller */

    /* Set by compile, cleared by convcl_net__clear_compiled. */
    int readers; /* layers that read its value */
    int reader;  /* the last of them */
    int fused; /* conv: the ReLU that it applies itself; relu: the conv that applies it; maxpool: the lrn whose value it computes on the way; lrn: that maxpool */
    bool needs_gradient;        /* training: parameters lie before its value */
    bool masked;                /* relu: whoever makes the gradient of its value applies the ReLU's gradient as well */
    int value, gradient, index; /* tensors; index: where a pooling found its maxima */
    int packed;                 /* tensor; conv in inference: the filter as its plan packed it */
    int kept;                   /* tensor; conv in training: what its forward plan keeps of x for the backward one */
    union {
        convcl_conv_plan *conv[CONVCL_NET_CONV_DIRS]; /* by convcl_conv_dir */
        convcl_relu_plan *relu;
        convcl_lrn_plan *lrn;
        convcl_maxpool_plan *maxpool;
        convcl_avgpool_plan *avgpool;
        convcl_dropout_plan *dropout;         /* training; at inference a dropout shares the tensor of what it reads */
        convcl_lrn_maxpool_plan *lrn_maxpool; /* of a maxpool that is fused */
        convcl_l2_loss_plan *l2_loss;
    } plan;
} convcl_net_layer;

/* A parameter of a convolution. */
typedef struct convcl_net_parameter {
    char *name;
    convcl_shape shape;
    size_t count;
    int value, gradient; /* tensors; set by compile */
} convcl_net_parameter;

/* Memory for one tensor, and when it is in use: from step `first` to step `last`, both included. Tensors that are in use at the same time do not overlap. */
typedef struct convcl_net_tensor {
    size_t bytes;        /* 0: takes no memory */
    size_t element_size; /* bytes */
    bool permanent;      /* belongs to the parameters' blocks, which nothing else uses */
    int first, last;
    int block;     /* index in convcl_net.blocks; -1 while not placed */
    size_t offset; /* bytes from the start of the block, a multiple of CONVCL_NET_ALIGNMENT */
} convcl_net_tensor;

/* Bytes; every tensor starts at a multiple of it. */
#define CONVCL_NET_ALIGNMENT ((size_t)4096)

/* One OpenCL buffer. */
typedef struct convcl_net_block {
    cl_mem mem;
    size_t bytes;
    bool permanent;
} convcl_net_block;

/* One operation of the compiled network. The letters are its tensors in the order of convcl_net_step.tensor. */
typedef enum convcl_net_step_kind {
    CONVCL_NET_STEP_CONV_FWD = 0,         /* x w b y - - kept */
    CONVCL_NET_STEP_CONV_BWD_DATA = 1,    /* dy w x dx */
    CONVCL_NET_STEP_CONV_BWD_WEIGHTS = 2, /* x dy dw db - - kept */
    CONVCL_NET_STEP_RELU_FWD = 3,         /* x y */
    CONVCL_NET_STEP_RELU_BWD = 4,         /* y dy dx */
    CONVCL_NET_STEP_LRN_FWD = 5,          /* x y */
    CONVCL_NET_STEP_LRN_BWD = 6,          /* x dy dx */
    CONVCL_NET_STEP_MAXPOOL_FWD = 7,      /* x y index */
    CONVCL_NET_STEP_MAXPOOL_BWD = 8,      /* dy index x dx */
    CONVCL_NET_STEP_L2_LOSS_FWD = 9,      /* x loss */
    CONVCL_NET_STEP_L2_LOSS_BWD = 10,     /* x dx */
    CONVCL_NET_STEP_CONV_BWD = 11,        /* x dy dw db w dx kept: both gradients at once */
    CONVCL_NET_STEP_LRN_MAXPOOL_FWD = 12, /* x y index; the layer is the maxpool */
    CONVCL_NET_STEP_LRN_MAXPOOL_BWD = 13, /* x dy index dx */
    CONVCL_NET_STEP_DROPOUT_FWD = 14,     /* x y */
    CONVCL_NET_STEP_DROPOUT_BWD = 15,     /* dy x dx */
    CONVCL_NET_STEP_AVGPOOL_FWD = 16,     /* x y */
    CONVCL_NET_STEP_AVGPOOL_BWD = 17      /* dy x dx */
} convcl_net_step_kind;

#define CONVCL_NET_STEP_TENSORS 7
#define CONVCL_NET_STEP_KEPT    6 /* the place of `kept` */

typedef struct convcl_net_step {
    convcl_net_step_kind kind;
    int layer;
    int tensor[CONVCL_NET_STEP_TENSORS];           /* -1 where the operation takes none */
    convcl_buffer buffer[CONVCL_NET_STEP_TENSORS]; /* the same, resolved once memory is allocated */
} convcl_net_step;

/* Called after each launch of a network that is profiled: the layer, "fwd", "bwd_data", "bwd_weights" or "bwd", the kernel, and the launch's event, which is
 * borrowed during the call. */
typedef void (*convcl_net_profile_fn)(void *user, const char *layer, const char *direction, const char *kernel, cl_event event);

struct convcl_net {
    convcl_context *context;
    convcl_net_options options;
    char *algo_name, *gemm_name; /* what options.conv points to */
    convcl_status status;        /* the first error of building, and its text */
    char error[1024];

    convcl_net_layer *layers;
    size_t layer_count, layer_capacity;
    convcl_net_parameter *parameters;
    size_t parameter_count, parameter_capacity;

    /* The compiled network. */
    bool compiled;
    convcl_net_mode mode;
    convcl_net_tensor *tensors;
    size_t tensor_count, tensor_capacity;
    convcl_net_step *steps; /* forward, then the objective, then backward */
    size_t step_count, step_capacity;
    size_t forward_steps; /* how many of them convcl_net_forward runs */
    convcl_net_block *blocks;
    size_t block_count, block_capacity;
    size_t max_block; /* bytes that one block may have; 0: what the device allows. Tests set it to see a network spread over many */
    int workspace;    /* tensor that all steps share, one after the other; -1 while not made */
    convcl_buffer workspace_buffer;
    uint32_t step;     /* of the next run, for the dropouts */
    bool packed;       /* the packed filters are those of the parameters */
    cl_event *awaited; /* retained: the caller's events that the run waited for which packed them, until all are known to have gone well */
    cl_uint awaited_count;
    bool parameters_shared; /* the caller holds the buffer of a parameter, which may change unseen */
    char *describe;

    cl_command_queue queue; /* the last one that work was enqueued on, retained; NULL before */
    convcl_net_profile_fn profile;
    void *profile_user;
};

/* net.c */

/* Index of the layer or the parameter of that name; -1 when there is none. */
int convcl_net__find_layer(const convcl_net *net, const char *name);
int convcl_net__find_parameter(const convcl_net *net, const char *name);

/* Reports every launch from now on to `profile`; NULL ends it. The queue must have been made with CL_QUEUE_PROFILING_ENABLE for the events to hold times. */
void convcl_net__set_profile(convcl_net *net, convcl_net_profile_fn profile, void *user);

/* Returns the first error of building, its text restored; CONVCL_OK when there is none. */
convcl_status convcl_net__sticky_error(const convcl_net *net);

/* Waits for the work that the network enqueued, if any. */
convcl_status convcl_net__finish(const convcl_net *net);

/* net_compile.c: forgets all that compile made, so that the network is as it was built. */
void convcl_net__clear_compiled(convcl_net *net);

/* net_compile.c: the description of a maxpool that is fused with the lrn it reads. */
convcl_lrn_maxpool_desc convcl_net__lrn_maxpool_desc(const convcl_net *net, const convcl_net_layer *maxpool);

/* net_steps.c: makes the tensors and the steps of the mode. Rules are checked and fusion is decided before. CONVCL_NO_MEMORY. */
convcl_status convcl_net__make_steps(convcl_net *net);

/* "fwd", "bwd_data", "bwd_weights" or "bwd". */
const char *convcl_net__step_direction(convcl_net_step_kind kind);

/* net_run.c: drops the events by which a run that packed filters is to be judged. */
void convcl_net__forget_awaited(convcl_net *net);

/* net_plans.c: makes the plan of every step, and the tensors that only the plans know: packed filters, transforms kept for the backward pass, the workspace. Joins
 * the two backward steps of a convolution where one plan makes both gradients. Statuses of the operations' create calls. */
convcl_status convcl_net__make_plans(convcl_net *net);

/* Makes a layer's plan, unless it has one; nothing for a convolution. Statuses of the operation's create call. */
convcl_status convcl_net__make_layer_plan(const convcl_net *net, convcl_net_layer *layer);
void convcl_net__destroy_layer_plan(convcl_net_layer *layer);

/* UNSUPPORTED, with the first step's reason, when the algorithm that the network's options name applies to none of the steps. */
convcl_status convcl_net__check_algorithms(const convcl_net *net);

/* The plan of a convolution in one direction, by the named algorithm where it applies. label: see convcl_conv__plan_create. */
convcl_status convcl_net__make_conv_plan(const convcl_net *net, const convcl_net_layer *layer, convcl_conv_dir dir, const char *label,
                                         convcl_conv_plan **plan_out);

/* The direction of a convolution's step, which is not CONV_BWD. */
convcl_conv_dir convcl_net__step_dir(convcl_net_step_kind kind);

/* True when the step at `index` is a convolution's bwd_weights, the next one its bwd_data, and one plan may make both gradients. */
bool convcl_net__may_join(const convcl_net *net, size_t index);

/* net_ahead.c: builds the programs that the plans of the steps need, by several threads where the context wants several. What fails here fails again, with its status, when the
 * plans are made. */
void convcl_net__build_ahead(const convcl_net *net);

/* Does without the transforms kept for the backward pass, which then makes them again. False when there are none. */
bool convcl_net__drop_kept(convcl_net *net);
void convcl_net__destroy_plans(convcl_net *net);

/* net_access.c: convcl_net_buffer for callers inside convcl, who call convcl_net__parameters_changed themselves. */
convcl_status convcl_net__buffer(const convcl_net *net, const char *name, convcl_buffer *buffer_out);
void convcl_net__parameters_changed(convcl_net *net);

/* net_memory.c */

/* Adds a tensor of `count` elements, not yet used by any step. CONVCL_NO_MEMORY; CONVCL_INVALID when the bytes overflow. */
convcl_status convcl_net__add_tensor(convcl_net *net, size_t count, size_t element_size, bool permanent, int *tensor_out);

/* Finds from the steps when each tensor is in use. */
void convcl_net__set_lifetimes(convcl_net *net);

/* Bytes of all blocks. */
size_t convcl_net__block_bytes(const convcl_net *net);

/* Gives each tensor its block and offset and checks the device's limits, without allocating. CONVCL_NO_DEVICE_MEMORY names the tensor and the sizes. */
convcl_status convcl_net__place(convcl_net *net);

/* Allocates the blocks and resolves the buffers of the steps. */
convcl_status convcl_net__allocate(convcl_net *net);

/* Where a tensor lies; {NULL, 0} for tensor -1 and for one without memory. */
convcl_buffer convcl_net__tensor_buffer(const convcl_net *net, int tensor);

/* net_access.c: true when the value of a layer is still there after a run. */
bool convcl_net__is_kept(const convcl_net *net, int layer);

/* net_describe.c: sets net->describe. CONVCL_NO_MEMORY. */
convcl_status convcl_net__make_describe(convcl_net *net);

/* Writes a number of bytes for people, such as "12.5 MiB", and returns `text`. */
#define CONVCL_NET_BYTES_TEXT 32
const char *convcl_net__bytes_text(size_t bytes, char text[CONVCL_NET_BYTES_TEXT]);

#endif
