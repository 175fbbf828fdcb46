#!/usr/bin/env python3
"""Golden losses and gradients of two real networks, from PyTorch in double precision.

The network is executed node by node from its ONNX file with torch operators, so that autograd differentiates it
independently of datafree. Two scalars are differentiated:

* the BN statistics loss (Haroush et al., "The Knowledge Within", section 3.3, as their code has it): the KL divergence
  of the batch's Gaussian from the stored one, for the input of every BatchNormalization,
  1/2 (-1 + log(s2_ref / s2) + (s2 + (mu - mu_ref)^2) / s2_ref), mean over channels, then over layers; by the input.
* the cross-entropy with the classes 0, 1, 2, ...; by every weight, scale and shift.

Whole gradients would be megabytes: kept are their norms and elements at a fixed stride.

A gradient jumps where an activation has its kink, and rounding may decide on which side a value falls. Samples are the
first ones with no value nearer to a kink than float32 is exact there; for the larger network the middle of the picture
is used, since a whole one always has such a value somewhere.

    apt-get install python3-torch python3-onnx
    DATAFREE_ASSETS=../shared/assets /usr/bin/python3 tooling/reference/golden_gradients.py
"""

import gzip
import hashlib
import json
import math
import os
import pathlib

import numpy as np
import onnx
import onnx.numpy_helper
import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASSETS = pathlib.Path(os.environ.get("DATAFREE_ASSETS", ROOT.parent / "shared" / "assets"))
# Samples, and the side of the square in the middle of each.
BATCHES = {"resnet20_cifar10.onnx": (8, 32), "mobilenetv1_025_224_imagenet.onnx": (4, 64)}
CANDIDATES = 200
INPUT_ELEMENTS = 256
WEIGHT_ELEMENTS = 4


def attributes_of(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def symmetric(x, pads):
    """Pads the two spatial axes: [top, left, bottom, right]."""
    return F.pad(x, (pads[1], pads[3], pads[0], pads[2]))


def run(graph, x, weights, after=lambda node, y: y):
    """Executes the graph; `after` may change what a node gives. Returns values by name and BatchNormalization nodes."""
    values = {graph.input[0].name: x, **weights}
    batch_norms = []
    for node in graph.node:
        a = attributes_of(node)
        i = [values[name] if name else None for name in node.input]
        if node.op_type == "Conv":
            y = F.conv2d(
                symmetric(i[0], a["pads"]),
                i[1],
                i[2] if len(i) > 2 else None,
                stride=a["strides"],
                dilation=a["dilations"],
                groups=a["group"],
            )
        elif node.op_type == "BatchNormalization":
            batch_norms.append(node)
            y = F.batch_norm(i[0], i[3], i[4], i[1], i[2], training=False, eps=a.get("epsilon", 1e-5))
        elif node.op_type == "Relu":
            y = torch.relu(i[0])
        elif node.op_type == "Clip":
            y = torch.clamp(i[0], float(i[1]), float(i[2]))
        elif node.op_type == "Add":
            y = i[0] + i[1]
        elif node.op_type == "Slice":
            y = i[0]
            for start, end, axis, step in zip(*(t.tolist() for t in i[1:5])):
                index = [slice(None)] * y.dim()
                index[axis] = slice(start, min(end, y.shape[axis]), step)
                y = y[tuple(index)]
        elif node.op_type == "Pad":
            pads, rank = i[1].tolist(), i[0].dim()
            y = F.pad(i[0], [p for axis in reversed(range(rank)) for p in (pads[axis], pads[axis + rank])])
        elif node.op_type == "GlobalAveragePool":
            y = i[0].mean(dim=(2, 3), keepdim=True)
        elif node.op_type == "Flatten":
            y = torch.flatten(i[0], 1)
        elif node.op_type == "Gemm":
            y = i[0] @ (i[1].T if a.get("transB") else i[1]) + i[2]
        else:
            raise SystemExit(f"The reference has no rule for the operator {node.op_type} (node {node.name}).")
        values[node.output[0]] = after(node, y)
    return values, batch_norms


def statistics_loss(values, batch_norms):
    layers = []
    for node in batch_norms:
        x = values[node.input[0]]
        mean_ref, variance_ref = values[node.input[3]], values[node.input[4]]
        mean = x.mean(dim=(0, 2, 3))
        variance = ((x * x).mean(dim=(0, 2, 3)) - mean * mean).clamp(min=1e-8)
        variance_ref = variance_ref.clamp(min=1e-8)
        kl = 0.5 * (-1 + torch.log(variance_ref / variance) + (variance + (mean - mean_ref) ** 2) / variance_ref)
        layers.append(kl.mean())
    return torch.stack(layers).mean()


def nearest_kink(value, kinks):
    return min((value - kink).abs().min().item() for kink in kinks)


def is_safe(graph, tensors, x):
    """Whether no activation of one sample is nearer to a kink than the rounding errors of its layer are large."""
    exact, single = (
        run(graph, x.to(kind), {n: t.to(kind) if t.dtype == torch.float32 else t for n, t in tensors.items()})[0]
        for kind in (torch.float64, torch.float32)
    )
    kinks = {"Relu": (0.0,), "Clip": (0.0, 6.0)}
    for node in graph.node:
        if node.op_type in kinks:
            before = exact[node.input[0]]
            error = (before - single[node.input[0]]).abs().max().item()
            if nearest_kink(before, kinks[node.op_type]) <= error:
                return False
    return True


def samples_of(entry, data, side, count):
    """The first `count` samples, as the network takes them."""
    path = ASSETS / data["file"]
    size = count * math.prod(data["shape"])
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
        pixels = np.frombuffer(file.read(size), dtype=np.uint8).astype(np.float64)
    pixels = pixels.reshape(-1, *data["shape"]).transpose(0, 3, 1, 2)
    top, left = ((length - side) // 2 for length in pixels.shape[2:])
    pixels = pixels[:, :, top : top + side, left : left + side]
    preprocess = entry["preprocess"]
    x = pixels * preprocess["scale"] + preprocess.get("offset", 0)
    if "mean" in preprocess:
        mean, std = (np.array(preprocess[key]).reshape(1, -1, 1, 1) for key in ("mean", "std"))
        x = (x - mean) / std
    # The input is what a float32 network is fed.
    return torch.from_numpy(x.astype(np.float32).astype(np.float64))


def digits(value, count=7):
    return float(f"{value:.{count}g}")


def summary(gradient, elements):
    flat = gradient.flatten()
    stride = max(1, len(flat) // elements)
    return {
        "norm": digits(flat.norm().item()),
        "stride": stride,
        "values": [digits(v) for v in flat[::stride][:elements].tolist()],
    }


def golden(entry, data, count, side):
    path = ASSETS / entry["file"]
    graph = onnx.load(str(path)).graph
    tensors = {t.name: torch.from_numpy(onnx.numpy_helper.to_array(t).copy()) for t in graph.initializer}
    weights = {name: t.double() if t.dtype == torch.float32 else t for name, t in tensors.items()}
    candidates = samples_of(entry, data, side, CANDIDATES)
    chosen = []
    for index in range(len(candidates)):
        if is_safe(graph, tensors, candidates[index : index + 1]):
            chosen.append(index)
        if len(chosen) == count:
            break
    assert len(chosen) == count, f"only {len(chosen)} samples of {len(candidates)} are safe"
    x = candidates[chosen].requires_grad_()

    values, batch_norms = run(graph, x, weights)
    statistics = statistics_loss(values, batch_norms)
    (by_input,) = torch.autograd.grad(statistics, x)

    trained = [
        name
        for node in graph.node
        for name in (list(node.input[1:3]) if node.op_type in ("Conv", "Gemm", "BatchNormalization") else [])
    ]
    leaves = {name: weights[name].clone().requires_grad_() for name in trained}
    values, _ = run(graph, x.detach(), {**weights, **leaves})
    logits = values[graph.output[0].name]
    entropy = F.cross_entropy(logits, torch.arange(count) % logits.shape[1])
    by_weights = torch.autograd.grad(entropy, list(leaves.values()))

    return {
        "model": entry["file"],
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "data": data["file"],
        "samples": chosen,
        "side": side,
        "torch": torch.__version__,
        "statistics": {"loss": digits(statistics.item(), 10), "byInput": summary(by_input, INPUT_ELEMENTS)},
        "crossEntropy": {
            "loss": digits(entropy.item(), 10),
            "byWeights": {name: summary(g, WEIGHT_ELEMENTS) for name, g in zip(leaves, by_weights)},
        },
    }


def main():
    manifest = json.loads((ASSETS / "manifest.json").read_text())
    data = {entry["name"]: entry for entry in manifest["data"]}
    for entry in manifest["models"]:
        name = pathlib.Path(entry["file"]).name
        if name not in BATCHES:
            continue
        result = golden(entry, data[entry["data"]], *BATCHES[name])
        target = pathlib.Path(__file__).parent / "generated" / f"{pathlib.Path(name).stem}.json"
        target.write_text(json.dumps(result, separators=(",", ":")) + "\n")
        print(target.name, target.stat().st_size, result["statistics"]["loss"], result["crossEntropy"]["loss"])


if __name__ == "__main__":
    main()
