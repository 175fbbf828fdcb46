#!/usr/bin/env python3
"""One optimisation step in PyTorch, in milliseconds: torch_step.py <bns-step|train-step|finetune-step> <network> <batch>.

The networks and the BN statistics loss are those of tooling/reference/golden_gradients.py, the network that is fine-tuned
is that of torch_student.py at 4 bits; in single precision on two threads.
"""

import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "reference"))

import onnx
import onnx.numpy_helper
import torch
import torch.nn.functional as F

import golden_gradients as reference
import torch_student


def main(case, network, batch):
    torch.manual_seed(1)
    torch.set_num_threads(2)
    graph = onnx.load(str(reference.ASSETS / "models" / f"{network}.onnx")).graph
    tensors = {t.name: torch.from_numpy(onnx.numpy_helper.to_array(t).copy()) for t in graph.initializer}
    shape = [d.dim_value for d in graph.input[0].type.tensor_type.shape.dim][1:]
    x = torch.randn(batch, *shape)
    if case == "bns-step":
        parameters = [x.requires_grad_()]
        optimiser = torch.optim.Adam(parameters, lr=0.05)
    elif case == "train-step":
        statistics_names = {name for n in graph.node if n.op_type == "BatchNormalization" for name in n.input[3:5]}
        for name, tensor in tensors.items():
            if tensor.dtype == torch.float32 and name not in statistics_names:
                tensor.requires_grad_()
        parameters = [t for t in tensors.values() if t.requires_grad]
        optimiser = torch.optim.SGD(parameters, lr=0.01, momentum=0.9)
        reference.F.batch_norm = training(F.batch_norm)
    elif case == "finetune-step":
        student = torch_student.Student(graph, tensors, x, bits=4)
        optimiser = torch.optim.Adam(
            [{"params": student.values.values(), "lr": 5e-4}, {"params": student.steps.values(), "lr": 1e-4}]
        )
    else:
        return 1
    classes = torch.arange(batch)

    def step():
        optimiser.zero_grad()
        with torch.set_grad_enabled(case != "finetune-step"):
            values, batch_norms = reference.run(graph, x, tensors)
        if case == "bns-step":
            loss = reference.statistics_loss(values, batch_norms)
        elif case == "finetune-step":
            loss = torch_student.distillation(student.run(x), values, graph.output[0].name)
        else:
            logits = values[graph.output[0].name]
            loss = F.cross_entropy(logits, classes % logits.shape[1])
        loss.backward()
        optimiser.step()

    times = []
    for _ in range(12):
        start = time.perf_counter()
        step()
        times.append(1000 * (time.perf_counter() - start))
    print(round(statistics.median(times[2:]), 1))
    return 0


def training(batch_norm):
    """Normalisation by the statistics of the batch, as training does it."""

    def apply(x, mean, variance, weight, bias, training, eps):
        return batch_norm(x, mean, variance, weight, bias, training=True, eps=eps)

    return apply


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
