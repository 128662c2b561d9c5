"""networks.py: a network that `bench --list-layers` described, built with each of the peers' own layers.
SPDX-License-Identifier: MIT

Shapes are convcl's, NHWC; a framework that lays them out otherwise is given NCHW. Every builder compares the shape of each value with the described one and refuses
what it cannot express, so that no peer times another network. Weights are drawn as convcl draws them: with the described deviation, or He's where there is none.
"""
import json
import math
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.join(HERE, "..", "..", "build", "bin", "bench")


def describe(bench, network, batch):
    """The network as bench has it."""
    done = subprocess.run([bench, "--list-layers", "--net", network, "--batch", str(batch), "--format", "json"], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def values(described):
    """The layers without the objective, which each framework writes in its own way."""
    return [layer for layer in described["layers"] if layer["operation"] != "l2_loss"]


def weights_stddev(described, inputs):
    return described["weights_stddev"] or math.sqrt(2.0 / inputs)


def inputs_of(layer, channels):
    """How many products a sum of the layer has."""
    return layer["inputs"] if layer["operation"] == "dense" else layer["filter"][0] * layer["filter"][1] * channels


def refuse(layer, why):
    raise ValueError(f"layer {layer['name']}: {why}")


def check_shape(layer, shape):
    """`shape` is NHWC; a dense layer's may lack the two in the middle."""
    shape = [int(size) for size in shape]
    if shape != layer["shape"] and not (len(shape) == 2 and layer["shape"] == [shape[0], 1, 1, shape[1]]):
        refuse(layer, f"the peer's shape is {shape}, must be {layer['shape']}")


def nhwc(shape):
    return [shape[0], *shape[2:], shape[1]] if len(shape) == 4 else list(shape)


# ---- TensorFlow ------------------------------------------------------------------------------------------------------------------------


def tensorflow_padding(layer, size, window):
    """"SAME" or "VALID", whichever the pads are."""
    top, bottom, left, right = layer["padding"]
    if not any(layer["padding"]):
        return "VALID"
    same = []
    for i in (0, 1):
        total = max((layer["shape"][1 + i] - 1) * layer["stride"][i] + window[i] - size[i], 0)
        same += [total // 2, total - total // 2]
    if same != [top, bottom, left, right]:
        refuse(layer, f"padding {layer['padding']} is neither SAME nor VALID")
    return "SAME"


def tensorflow_parameters(tf, described):
    """Variables of each layer by name: weights, and biases where it has some."""
    channels, parameters = {}, {}
    for layer in values(described):
        channels[layer["name"]] = layer["shape"][3]
        if layer["operation"] not in ("conv", "dense"):
            continue
        source, outputs = channels[layer["input"]], layer["shape"][3]
        shape = [layer["inputs"], outputs] if layer["operation"] == "dense" else [*layer["filter"], source, outputs]
        made = [tf.Variable(tf.truncated_normal(shape, stddev=weights_stddev(described, inputs_of(layer, source))))]
        parameters[layer["name"]] = made + ([tf.Variable(tf.zeros([outputs]))] if layer["bias"] else [])
    return parameters


def tensorflow_layer(tf, layer, x, parameters, training):
    operation, size = layer["operation"], x.shape[1:3]
    if operation == "conv":
        stride = [1, *layer["stride"], 1]
        y = tf.nn.conv2d(x, parameters[0], stride, padding=tensorflow_padding(layer, size, layer["filter"]))
        return tf.nn.bias_add(y, parameters[1]) if layer["bias"] else y
    if operation == "dense":
        y = tf.matmul(tf.reshape(x, [x.shape[0], layer["inputs"]]), parameters[0])
        return tf.nn.bias_add(y, parameters[1]) if layer["bias"] else y
    if operation in ("maxpool", "avgpool"):
        pool = tf.nn.max_pool if operation == "maxpool" else tf.nn.avg_pool
        padding = tensorflow_padding(layer, size, layer["window"])
        if padding == "SAME" and layer.get("count_padding"):
            refuse(layer, "the peer's averages do not count padding")
        return pool(x, [1, *layer["window"], 1], [1, *layer["stride"], 1], padding=padding)
    if operation == "lrn":
        return tf.nn.lrn(x, layer["radius"], bias=layer["bias"], alpha=layer["alpha"], beta=layer["beta"])
    if operation == "dropout":
        return tf.nn.dropout(x, rate=layer["rate"]) if training else x
    if operation == "relu":
        return tf.nn.relu(x)
    return refuse(layer, f"operation {operation} is not known")


def tensorflow_value(tf, described, images, parameters, training):
    """The last value of the network."""
    made = {}
    for layer in values(described):
        if layer["operation"] == "input":
            y = images
        else:
            y = tensorflow_layer(tf, layer, made[layer["input"]], parameters.get(layer["name"]), training)
        check_shape(layer, y.shape)
        made[layer["name"]] = y
    return y


# ---- PyTorch -----------------------------------------------------------------------------------------------------------------------------


def torch_pads(torch, layer):
    """Pads that PyTorch's own layers take: (padding, ceil_mode, module that pads first or None)."""
    top, bottom, left, right = layer["padding"]
    if (top, left) == (bottom, right):
        return (top, left), False, None
    if layer["operation"] == "conv":
        return (0, 0), False, torch.nn.ZeroPad2d((left, right, top, bottom))
    if top == left == 0 and bottom < layer["stride"][0] and right < layer["stride"][1]:
        return (0, 0), True, None  # an output rounded up, whose last window reaches over the border
    return refuse(layer, f"padding {layer['padding']} cannot be expressed")


def torch_layer(torch, described, layer, channels):
    """The modules that compute a layer."""
    nn, operation = torch.nn, layer["operation"]
    if operation == "conv":
        padding, _, before = torch_pads(torch, layer)
        module = nn.Conv2d(channels, layer["shape"][3], layer["filter"], layer["stride"], padding, bias=layer["bias"])
    elif operation == "dense":
        before, module = nn.Flatten(), nn.Linear(layer["inputs"], layer["shape"][3], bias=layer["bias"])
    elif operation == "maxpool":
        padding, rounded_up, before = torch_pads(torch, layer)
        module = nn.MaxPool2d(layer["window"], layer["stride"], padding, ceil_mode=rounded_up)
    elif operation == "avgpool":
        padding, rounded_up, before = torch_pads(torch, layer)
        module = nn.AvgPool2d(layer["window"], layer["stride"], padding, ceil_mode=rounded_up, count_include_pad=layer["count_padding"])
    elif operation == "lrn":
        size = 2 * layer["radius"] + 1
        before, module = None, nn.LocalResponseNorm(size, layer["alpha"] * size, layer["beta"], layer["bias"])
    elif operation == "dropout":
        before, module = None, nn.Dropout(layer["rate"])
    elif operation == "relu":
        before, module = None, nn.ReLU()
    else:
        refuse(layer, f"operation {operation} is not known")
    if operation in ("conv", "dense"):
        nn.init.trunc_normal_(module.weight, std=(stddev := weights_stddev(described, inputs_of(layer, channels))), a=-2 * stddev, b=2 * stddev)
        if layer["bias"]:
            nn.init.zeros_(module.bias)
    return module if before is None else nn.Sequential(before, module)


def torch_module(torch, described):
    """A module that takes images NCHW. The layers of each network stand in a row."""
    modules, x = torch.nn.Sequential(), torch.zeros([1, 3, 1, 1])
    with torch.no_grad():
        for layer in values(described):
            if layer["operation"] == "input":
                n, h, w, c = layer["shape"]
                x, before = torch.zeros([n, c, h, w]), layer
                continue
            if layer["input"] != before["name"]:
                refuse(layer, f"it reads {layer['input']}, which does not stand before it")
            modules.append(torch_layer(torch, described, layer, before["shape"][3]))
            x, before = modules[-1](x), layer
            check_shape(layer, nhwc(x.shape))
    return modules


# ---- ONNX ----------------------------------------------------------------------------------------------------------------------------------


def onnx_node(helper, layer, x, parameters):
    """The nodes of a layer."""
    operation, y = layer["operation"], layer["name"]
    # Pads stand as begin of each axis, then end of each.
    window = {"strides": layer["stride"], "pads": [layer["padding"][i] for i in (0, 2, 1, 3)]} if "padding" in layer else {}
    if operation == "conv":
        return [helper.make_node("Conv", [x, *parameters], [y], kernel_shape=layer["filter"], **window)]
    if operation == "dense":
        return [helper.make_node("Flatten", [x], [y + ".rows"]), helper.make_node("Gemm", [y + ".rows", *parameters], [y])]
    if operation == "maxpool":
        return [helper.make_node("MaxPool", [x], [y], kernel_shape=layer["window"], **window)]
    if operation == "avgpool":
        return [helper.make_node("AveragePool", [x], [y], kernel_shape=layer["window"], count_include_pad=int(layer["count_padding"]), **window)]
    if operation == "lrn":
        size = 2 * layer["radius"] + 1
        return [helper.make_node("LRN", [x], [y], size=size, alpha=layer["alpha"] * size, beta=layer["beta"], bias=layer["bias"])]
    if operation == "relu":
        return [helper.make_node("Relu", [x], [y])]
    if operation == "dropout":  # inference engines drop nothing
        return [helper.make_node("Identity", [x], [y])]
    return refuse(layer, f"operation {operation} is not known")


def onnx_parameters(onnx, np, described, layer, channels, rng):
    if layer["operation"] not in ("conv", "dense"):
        return []
    outputs = layer["shape"][3]
    shape = (layer["inputs"], outputs) if layer["operation"] == "dense" else (outputs, channels, *layer["filter"])
    stddev = weights_stddev(described, inputs_of(layer, channels))
    made = [onnx.numpy_helper.from_array((rng.standard_normal(shape, "f") * np.float32(stddev)), layer["name"] + ".weights")]
    if layer["bias"]:
        made.append(onnx.numpy_helper.from_array(np.zeros(outputs, "f"), layer["name"] + ".biases"))
    return made


def onnx_model(described):
    """A model of one input "images" NCHW, and that input's shape. ONNX's own shape inference is held against the description."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper

    rng, nodes, weights, channels = np.random.default_rng(0), [], [], {}
    layers = values(described)
    for layer in layers:
        channels[layer["name"]] = layer["shape"][3]
        if layer["operation"] == "input":
            n, h, w, c = layer["shape"]
            images = helper.make_tensor_value_info(layer["name"], TensorProto.FLOAT, [n, c, h, w])
            continue
        made = onnx_parameters(onnx, np, described, layer, channels[layer["input"]], rng)
        nodes += onnx_node(helper, layer, layer["input"], [parameter.name for parameter in made])
        weights += made
    last = helper.make_tensor_value_info(layers[-1]["name"], TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, described["network"], [images], [last], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True).graph
    shapes = {value.name: [d.dim_value for d in value.type.tensor_type.shape.dim] for value in [*inferred.input, *inferred.value_info, *inferred.output]}
    for layer in layers:
        check_shape(layer, nhwc(shapes[layer["name"]]))
    return model, (n, c, h, w)
