"""Physics, regression, recommendation, metric learning."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from published_models import Case, published

FAMILY = "regression and metric learning"


class SiameseNetwork(nn.Module):
    """Two images through one network; the contrastive loss of Hadsell, Chopra and LeCun."""

    def __init__(self) -> None:
        super().__init__()
        self.cnn1 = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(1, 3, 3), nn.ReLU(inplace=True), nn.BatchNorm2d(3)
        )
        self.fc1 = nn.Sequential(nn.Linear(3 * 25, 8), nn.ReLU(inplace=True), nn.Linear(8, 2))

    def forward_once(self, x: Tensor) -> Tensor:
        output = self.cnn1(x)
        output = output.view(output.size()[0], -1)
        return self.fc1(output)

    def forward(self, input1: Tensor, input2: Tensor) -> tuple[Tensor, Tensor]:
        return self.forward_once(input1), self.forward_once(input2)


@published(FAMILY)
def siamese_contrastive() -> Case:
    def loss(output: Any, label: Tensor) -> Any:
        distance = F.pairwise_distance(output[0], output[1], keepdim=True)
        near = (1 - label) * torch.pow(distance, 2)
        far = label * torch.pow(torch.clamp(2.0 - distance, min=0.0), 2)
        return torch.mean(near + far)

    example = (torch.rand(1, 1, 5, 5), torch.rand(1, 1, 5, 5))
    return Case(SiameseNetwork(), example, torch.tensor([[1.0]]), loss)


class TwoTowers(nn.Module):
    """CLIP's logits from two encoders and a learned temperature."""

    def __init__(self) -> None:
        super().__init__()
        self.image_projection = nn.Linear(6, 4, bias=False)
        self.text_projection = nn.Linear(5, 4, bias=False)
        self.logit_scale = nn.Parameter(torch.ones([]) * math.log(1 / 0.07))

    def forward(self, image: Tensor, text: Tensor) -> Tensor:
        image = self.image_projection(image)
        text = self.text_projection(text)
        image = image / image.norm(dim=1, keepdim=True)
        text = F.normalize(text, dim=-1)
        return self.logit_scale.exp() * image @ text.t()


@published(FAMILY)
def clip_towers() -> Case:
    example = {"image": torch.randn(3, 6), "text": torch.randn(3, 5)}
    return Case(TwoTowers(), example, torch.arange(3), F.cross_entropy)


class PINN(nn.Module):
    """A physics-informed network of Burgers' equation: u(x, t)."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [2, 10, 10, 10, 1]
        self.linears = nn.ModuleList(
            [nn.Linear(i, o) for i, o in zip(sizes[:-1], sizes[1:], strict=True)]
        )
        for linear in self.linears:
            nn.init.xavier_normal_(linear.weight.data, gain=1.0)
            nn.init.zeros_(linear.bias.data)

    def forward(self, x: Tensor) -> Tensor:
        a = 2.0 * (x - x.min()) / (x.max() - x.min()) - 1.0
        for linear in self.linears[:-1]:
            a = torch.tanh(linear(a))
        return self.linears[-1](a)


@published(FAMILY)
def physics_informed() -> Case:
    return Case(PINN(), torch.rand(3, 2), torch.randn(3, 1), nn.MSELoss())


class FourierNeRF(nn.Module):
    """The first layers of yenchenlin/nerf-pytorch: an encoded position, density and color."""

    def __init__(self, frequencies: int = 3) -> None:
        super().__init__()
        self.register_buffer("bands", 2.0 ** torch.linspace(0.0, frequencies - 1, frequencies))
        width = 3 + 3 * 2 * frequencies
        self.pts_linears = nn.ModuleList([nn.Linear(width, 12), nn.Linear(12 + width, 12)])
        self.output_linear = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        angles = (x[..., None] * self.bands).flatten(-2)
        encoded = torch.cat([x, torch.sin(angles), torch.cos(angles)], -1)
        h = F.relu(self.pts_linears[0](encoded))
        h = F.relu(self.pts_linears[1](torch.cat([encoded, h], -1)))
        raw = self.output_linear(h)
        rgb, sigma = raw[..., :3], raw[..., 3]
        return torch.cat([torch.sigmoid(rgb), F.softplus(sigma)[..., None]], -1)


@published(FAMILY)
def nerf_encoding() -> Case:
    return Case(FourierNeRF(), torch.rand(2, 3), torch.rand(2, 4), F.mse_loss)


class NeuralODE(nn.Module):
    """dy/dt = f(y), integrated by eight steps of Runge and Kutta."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 6), nn.Softplus(), nn.Linear(6, 2))

    def forward(self, y: Tensor) -> Tensor:
        h = 1 / 8
        for _ in range(8):
            k1 = self.net(y)
            k2 = self.net(y + h / 2 * k1)
            k3 = self.net(y + h / 2 * k2)
            k4 = self.net(y + h * k3)
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return y


@published(FAMILY)
def neural_ode() -> Case:
    return Case(NeuralODE(), torch.randn(1, 2), torch.randn(1, 2), F.mse_loss)


class DeepFM(nn.Module):
    """rixwew/pytorch-fm's DeepFactorizationMachineModel, with its offsets."""

    def __init__(self, field_dims: list[int], embed_dim: int) -> None:
        super().__init__()
        offsets = [sum(field_dims[:i]) for i in range(len(field_dims))]
        self.register_buffer("offsets", torch.tensor(offsets))
        self.linear = nn.Embedding(sum(field_dims), 1)
        self.bias = nn.Parameter(torch.zeros((1,)))
        self.embedding = nn.Embedding(sum(field_dims), embed_dim)
        width = len(field_dims) * embed_dim
        self.mlp = nn.Sequential(nn.Linear(width, 6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = x + x.new_tensor(self.offsets).unsqueeze(0)
        embed_x = self.embedding(x)
        square_of_sum = torch.sum(embed_x, dim=1) ** 2
        sum_of_square = torch.sum(embed_x**2, dim=1)
        fm = 0.5 * (square_of_sum - sum_of_square).sum(dim=1, keepdim=True)
        y = torch.sum(self.linear(x), dim=1) + self.bias + fm
        y = y + self.mlp(embed_x.view(embed_x.size(0), -1))
        return torch.sigmoid(y.squeeze(1))


@published(FAMILY)
def deep_factorization_machine() -> Case:
    example = torch.tensor([[1, 0, 2], [2, 1, 0]])
    return Case(DeepFM([3, 2, 4], 3), example, torch.tensor([1.0, 0.0]), nn.BCELoss())
