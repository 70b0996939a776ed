"""The network: its table, its orders and its gradients' reach."""

import pytest
import torch

from gradsheet.digits.model import ACTIVATIONS, ORDERS, Architecture, DigitNet
from gradsheet.digits.summary import layer_rows, receptive_fields, summary

TABLE = """\
----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
            Conv2d-1            [-1, 8, 24, 24]             208
       BatchNorm2d-2            [-1, 8, 24, 24]              16
            Conv2d-3           [-1, 16, 20, 20]           3,216
       BatchNorm2d-4           [-1, 16, 20, 20]              32
            Conv2d-5             [-1, 32, 6, 6]          12,832
       BatchNorm2d-6             [-1, 32, 6, 6]              64
         Dropout2d-7             [-1, 32, 6, 6]               0
            Conv2d-8             [-1, 24, 6, 6]             792
         AvgPool2d-9             [-1, 24, 1, 1]               0
           Linear-10                   [-1, 10]             250
================================================================
Total params: 17,410
Trainable params: 17,410
Non-trainable params: 0
----------------------------------------------------------------
Input size (MB): 0.00
Forward/backward pass size (MB): 0.20
Params size (MB): 0.07
Estimated Total Size (MB): 0.27
----------------------------------------------------------------"""

ARCHITECTURES = [
    Architecture(activation, order, activate_last=last)  # type: ignore[arg-type]  # checked below
    for activation in ACTIVATIONS
    for order in ORDERS
    for last in (False, True)
]


def test_summary_is_the_originals() -> None:
    assert summary(DigitNet(Architecture())) == TABLE


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_every_architecture_has_the_same_layers(architecture: Architecture) -> None:
    model = DigitNet(architecture)
    rows = layer_rows(model)
    assert sum(row.parameters for row in rows) == 17_410
    reference = layer_rows(DigitNet(Architecture()))
    assert [(row.name, row.parameters) for row in rows] == [
        (row.name, row.parameters) for row in reference
    ]


def test_summary_leaves_the_model_as_it_was() -> None:
    model = DigitNet(Architecture()).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    summary(model)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_the_receptive_field_is_what_reaches_an_output() -> None:
    """Against the gradient: which pixels of the image move the middle of conv3's output."""
    model = DigitNet(Architecture()).eval()
    seen = []
    model.conv3.register_forward_hook(lambda module, inputs, output: seen.append(output))
    image = torch.randn(1, 1, 28, 28, requires_grad=True)
    model(image)
    seen[0][0, 0, 0, 0].backward()
    assert image.grad is not None
    reached = image.grad[0, 0].nonzero()
    # Max pooling passes one of four positions on, so what is reached lies within the field.
    assert (reached < 18).all()
    text = receptive_fields(model)
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines()[2:-2]}
    assert rows["Conv2d-5"] == ["10", "5", "1", "0", "6", "2", "18", "x", "18", "460,800"]
    assert rows["MaxPool2d"] == ["20", "2", "2", "0", "10", "2", "10", "x", "10", "0"]
    assert rows["AvgPool2d-9"] == ["6", "6", "6", "0", "1", "12", "28", "x", "28", "0"]
    assert text.endswith("1,883,888")


def test_multiply_adds_by_hand() -> None:
    by_hand = {
        "Conv2d-1": 24 * 24 * 8 * 25,
        "Conv2d-3": 20 * 20 * 16 * 8 * 25,
        "Conv2d-5": 6 * 6 * 32 * 16 * 25,
        "Conv2d-8": 6 * 6 * 24 * 32,
        "Linear-10": 24 * 10,
    }
    rows = layer_rows(DigitNet(Architecture()))
    assert {row.name: row.multiply_adds for row in rows if row.multiply_adds} == by_hand


def test_pooling_first_is_the_same_function_where_the_activation_never_falls() -> None:
    """max(relu(norm(x))) = relu(norm(max(x))) where the norm's slope is positive."""
    torch.manual_seed(0)
    first = DigitNet(Architecture("relu", "pool-norm-activation")).eval()
    images = torch.randn(4, 1, 28, 28)
    before_pooling = torch.relu(
        first.norm2(first.conv2(torch.relu(first.norm1(first.conv1(images)))))
    )
    late = torch.nn.functional.max_pool2d(before_pooling, 2)
    seen = []
    first.conv3.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    first(images)
    assert torch.allclose(seen[0], late, atol=1e-6)
