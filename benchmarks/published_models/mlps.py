"""Multilayer perceptrons and their relatives."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from published_models import Case, published

FAMILY = "MLP"


class IrisNet(nn.Module):
    def __init__(self, in_features: int = 4, h1: int = 8, h2: int = 9, out: int = 3) -> None:
        super().__init__()
        self.fc1 = nn.Linear(in_features, h1)
        self.fc2 = nn.Linear(h1, h2)
        self.out = nn.Linear(h2, out)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.out(x)


@published(FAMILY)
def iris_functional() -> Case:
    return Case(IrisNet(), torch.tensor([[5.1, 3.5, 1.4, 0.2]]), torch.tensor([0]))


class XorNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear1 = nn.Linear(2, 2)
        self.activation = nn.Sigmoid()
        self.linear2 = nn.Linear(2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.linear2(self.activation(self.linear1(x))))


@published(FAMILY)
def xor_all_four() -> Case:
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return Case(XorNet(), x, torch.tensor([[0.0], [1.0], [1.0], [0.0]]), nn.BCELoss())


class Tabular(nn.Module):
    """Categorical embeddings beside batch-normalized numbers, as fastai's TabularModel."""

    def __init__(self, sizes: list[tuple[int, int]], numbers: int, layers: list[int]) -> None:
        super().__init__()
        self.embeds = nn.ModuleList([nn.Embedding(n, d) for n, d in sizes])
        self.emb_drop = nn.Dropout(0.04)
        self.bn_cont = nn.BatchNorm1d(numbers)
        n_in = sum(d for _, d in sizes) + numbers
        blocks: list[nn.Module] = []
        for n_out in layers:
            blocks += [nn.Linear(n_in, n_out), nn.ReLU(inplace=True), nn.BatchNorm1d(n_out)]
            blocks += [nn.Dropout(0.1)]
            n_in = n_out
        self.layers = nn.Sequential(*blocks, nn.Linear(n_in, 2))

    def forward(self, x_cat: Tensor, x_cont: Tensor) -> Tensor:
        x = torch.cat([e(x_cat[:, i]) for i, e in enumerate(self.embeds)], 1)
        x = self.emb_drop(x)
        x = torch.cat([x, self.bn_cont(x_cont)], 1)
        return self.layers(x)


@published(FAMILY)
def tabular_embeddings() -> Case:
    example = (torch.tensor([[1, 4], [0, 2]]), torch.randn(2, 3))
    return Case(Tabular([(3, 2), (6, 3)], 3, [16, 8]), example, torch.tensor([1, 0]))


class ResidualBlock(nn.Module):
    def __init__(self, width: int, p: float = 0.1) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.lin1, self.lin2 = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        h = F.gelu(self.lin1(self.norm(x)))
        h = F.dropout(h, self.p, self.training)
        return x + self.lin2(h)


@published(FAMILY)
def residual_mlp() -> Case:
    layers = [nn.Linear(6, 8), ResidualBlock(8), ResidualBlock(8), nn.LayerNorm(8), nn.Linear(8, 1)]
    return Case(nn.Sequential(*layers), torch.randn(2, 6), torch.randn(2, 1), F.mse_loss)


class Highway(nn.Module):
    def __init__(self, size: int, num_layers: int) -> None:
        super().__init__()
        self.num_layers = num_layers
        self.nonlinear = nn.ModuleList([nn.Linear(size, size) for _ in range(num_layers)])
        self.linear = nn.ModuleList([nn.Linear(size, size) for _ in range(num_layers)])
        self.gate = nn.ModuleList([nn.Linear(size, size) for _ in range(num_layers)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in range(self.num_layers):
            gate = torch.sigmoid(self.gate[layer](x))
            nonlinear = F.relu(self.nonlinear[layer](x))
            linear = self.linear[layer](x)
            x = gate * nonlinear + (1 - gate) * linear
        return x


@published(FAMILY)
def highway() -> Case:
    return Case(Highway(6, 2), torch.randn(1, 6), torch.randn(1, 6), nn.MSELoss())


class Maxout(nn.Module):
    def __init__(self, d_in: int, d_out: int, pool_size: int) -> None:
        super().__init__()
        self.d_out, self.pool_size = d_out, pool_size
        self.lin = nn.Linear(d_in, d_out * pool_size)

    def forward(self, inputs: Tensor) -> Tensor:
        shape = list(inputs.size())
        shape[-1] = self.d_out
        shape.append(self.pool_size)
        out = self.lin(inputs)
        m, _ = out.view(*shape).max(len(shape) - 1)
        return m


@published(FAMILY)
def maxout() -> Case:
    model = nn.Sequential(Maxout(5, 6, 3), Maxout(6, 4, 2), nn.Linear(4, 3))
    return Case(model, torch.randn(2, 5), torch.tensor([2, 0]))


class MixtureOfExperts(nn.Module):
    def __init__(self, dim: int, out: int, experts: int = 3) -> None:
        super().__init__()
        self.experts = nn.ModuleList(
            [nn.Sequential(nn.Linear(dim, 8), nn.ReLU(), nn.Linear(8, out)) for _ in range(experts)]
        )
        self.gating = nn.Linear(dim, experts)

    def forward(self, x: Tensor) -> Tensor:
        weights = F.softmax(self.gating(x), dim=1)
        outputs = torch.stack([expert(x) for expert in self.experts], dim=2)
        return (outputs * weights.unsqueeze(1)).sum(dim=2)


@published(FAMILY)
def mixture_of_experts() -> Case:
    return Case(MixtureOfExperts(5, 3), torch.randn(2, 5), torch.tensor([0, 1]))


class DuelingDQN(nn.Module):
    def __init__(self, state: int, actions: int) -> None:
        super().__init__()
        self.feature = nn.Sequential(nn.Linear(state, 16), nn.ReLU())
        self.advantage = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, actions))
        self.value = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.feature(x)
        advantage = self.advantage(x)
        value = self.value(x)
        return value + advantage - advantage.mean()


@published(FAMILY)
def dueling_dqn() -> Case:
    return Case(DuelingDQN(4, 2), torch.randn(1, 4), torch.randn(1, 2), F.smooth_l1_loss)


class ActorCritic(nn.Module):
    """The policy of pytorch/examples' reinforcement_learning/actor_critic.py."""

    def __init__(self) -> None:
        super().__init__()
        self.affine1 = nn.Linear(4, 16)
        self.action_head = nn.Linear(16, 2)
        self.value_head = nn.Linear(16, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = F.relu(self.affine1(x))
        action_prob = F.softmax(self.action_head(x), dim=-1)
        state_values = self.value_head(x)
        return action_prob, state_values


@published(FAMILY)
def actor_critic() -> Case:
    def loss(prob: Tensor, action: Tensor) -> Any:
        return -torch.log(prob[action])

    return Case(ActorCritic(), torch.randn(4), torch.tensor(1), loss, output=0)
