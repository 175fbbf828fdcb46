"""A network in few bits that learns, in PyTorch: BatchNormalization folded, steps of weights and activations learned.

As Esser et al. 2020, "Learned Step Size Quantization": weights have a step for each output channel, activations one each.
What has an activation right behind it is not rounded, nor is what only moves values, nor are the outputs.
"""

import copy
import math

import torch

import golden_gradients as reference

ACTIVATIONS = ("Relu", "Clip")
MOVING = ("Slice", "Pad", "Flatten")
WEIGHTED = ("Conv", "Gemm")


class Round(torch.autograd.Function):
    """Rounds to whole steps from `low` to `high`, with the derivatives of values and steps that LSQ gives them."""

    @staticmethod
    def forward(context, x, step, low, high):
        inside = x / step
        codes = inside.round().clamp(low, high)
        context.save_for_backward(inside, codes, step)
        context.bounds = (low, high)
        return codes * step

    @staticmethod
    def backward(context, adjoint):
        inside, codes, step = context.saved_tensors
        low, high = context.bounds
        within = (inside >= low) & (inside <= high)
        slope = torch.where(within, codes - inside, codes)
        share = 1 / math.sqrt(inside.numel() / step.numel() * high)
        return adjoint * within, (adjoint * slope).sum_to_size(step.shape) * share, None, None


def fold(graph, tensors):
    """The graph without BatchNormalization behind convolutions, and its tensors."""
    graph, tensors = copy.deepcopy(graph), dict(tensors)
    convolutions = {node.output[0]: node for node in graph.node if node.op_type == "Conv"}
    for norm in [node for node in graph.node if node.op_type == "BatchNormalization"]:
        node = convolutions[norm.input[0]]
        scale, shift, mean, variance = (tensors[name] for name in norm.input[1:5])
        factor = scale / (variance + reference.attributes_of(norm).get("epsilon", 1e-5)).sqrt()
        bias = tensors[node.input[2]] if len(node.input) > 2 else 0
        weight, added = node.input[1], f"{node.input[1]}.folded-bias"
        tensors[weight] = tensors[weight] * factor.reshape(-1, 1, 1, 1)
        tensors[added] = (bias - mean) * factor + shift
        del node.input[2:]
        node.input.append(added)
        node.output[0] = norm.output[0]
        graph.node.remove(norm)
    return graph, tensors


class Student:
    """The network of a graph at `bits` bits. Activation steps begin with what they would be for the samples `x`."""

    def __init__(self, graph, tensors, x, bits):
        self.graph, self.tensors = fold(graph, tensors)
        self.high = 2 ** (bits - 1) - 1
        names = [(node, name) for node in self.graph.node if node.op_type in WEIGHTED for name in node.input[1:]]
        self.values = {name: self.tensors[name].clone().requires_grad_() for _, name in names}
        self.weights = {node.input[1] for node, _ in names}
        self.rounded = {node.output[0] for node in self.graph.node if self.rounds(node)}
        self.bounds, self.steps = {}, {}
        for name in self.weights:
            weight = self.tensors[name]
            largest = weight.abs().amax(dim=tuple(range(1, weight.dim())), keepdim=True)
            self.steps[name] = (largest / self.high).clamp(min=1e-8).requires_grad_()
        source = self.graph.input[0].name
        with torch.no_grad():
            seen = {**reference.run(self.graph, x, self.tensors)[0], source: x}
        for name in [source, *self.rounded]:
            low = -self.high - 1 if seen[name].min() < 0 else 0
            self.bounds[name] = (low, low + 2**bits - 1)
            step = 2 * seen[name].abs().mean() / math.sqrt(self.bounds[name][1])
            self.steps[name] = step.reshape(1).requires_grad_()

    def rounds(self, node):
        """Whether what a node gives is rounded."""
        readers = [other.op_type for other in self.graph.node if node.output[0] in other.input]
        return node.op_type not in MOVING and bool(readers) and not set(readers) <= set(ACTIVATIONS)

    def run(self, x):
        """All values by name."""

        def after(node, y):
            name = node.output[0]
            return Round.apply(y, self.steps[name], *self.bounds[name]) if name in self.rounded else y

        rounded = {
            name: Round.apply(self.values[name], self.steps[name], -self.high - 1, self.high) for name in self.weights
        }
        source = self.graph.input[0].name
        entering = Round.apply(x, self.steps[source], *self.bounds[source])
        return reference.run(self.graph, entering, {**self.tensors, **self.values, **rounded}, after)[0]


def distillation(student, teacher, output, temperature=2):
    """Divergence of the classes, and the relative errors of the last activation of each spatial size, averaged."""
    own, wanted = (torch.log_softmax(values[output] / temperature, dim=1) for values in (student, teacher))
    divergence = torch.nn.functional.kl_div(own, wanted, reduction="batchmean", log_target=True) * temperature**2
    sizes = {value.shape[2:]: name for name, value in teacher.items() if value.dim() == 4 and name in student}
    errors = [
        ((student[name] - teacher[name]) ** 2).mean() / ((teacher[name] ** 2).mean() + 1e-12)
        for name in sizes.values()
    ]
    return divergence + torch.stack(errors).mean()
