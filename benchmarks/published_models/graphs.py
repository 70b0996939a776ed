"""Graph networks with a dense adjacency matrix, and sets."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from published_models import Case, published

FAMILY = "graph and set"
ADJACENCY = torch.tensor(
    [[0, 1, 0, 0, 1], [1, 0, 1, 0, 0], [0, 1, 0, 1, 1], [0, 0, 1, 0, 0], [1, 0, 1, 0, 0.0]]
)


class GCN(nn.Module):
    """tkipf/pygcn with a dense, normalized adjacency."""

    def __init__(self, nfeat: int, nhid: int, nclass: int) -> None:
        super().__init__()
        self.weight1 = nn.Parameter(torch.randn(nfeat, nhid))
        self.weight2 = nn.Parameter(torch.randn(nhid, nclass))
        self.bias1, self.bias2 = nn.Parameter(torch.zeros(nhid)), nn.Parameter(torch.zeros(nclass))

    def forward(self, x: Tensor, adj: Tensor) -> Tensor:
        adj = adj + torch.eye(adj.size(0))
        degree = adj.sum(1).pow(-0.5)
        adj = degree.unsqueeze(1) * adj * degree.unsqueeze(0)
        x = F.relu(torch.spmm(adj, torch.mm(x, self.weight1)) + self.bias1)
        x = F.dropout(x, 0.5, training=self.training)
        return F.log_softmax(torch.spmm(adj, torch.mm(x, self.weight2)) + self.bias2, dim=1)


@published(FAMILY)
def graph_convolution() -> Case:
    labels = torch.tensor([0, 1, 2, 1, 0])
    return Case(GCN(4, 6, 3), (torch.randn(5, 4), ADJACENCY), labels, F.nll_loss)


class GraphAttentionLayer(nn.Module):
    """Diego999/pyGAT's layer."""

    def __init__(self, in_features: int, out_features: int, alpha: float = 0.2) -> None:
        super().__init__()
        self.out_features = out_features
        self.W = nn.Parameter(torch.empty(size=(in_features, out_features)))
        nn.init.xavier_uniform_(self.W.data, gain=1.414)
        self.a = nn.Parameter(torch.empty(size=(2 * out_features, 1)))
        nn.init.xavier_uniform_(self.a.data, gain=1.414)
        self.leakyrelu = nn.LeakyReLU(alpha)

    def forward(self, h: Tensor, adj: Tensor) -> Tensor:
        wh = torch.mm(h, self.W)
        wh1 = torch.matmul(wh, self.a[: self.out_features, :])
        wh2 = torch.matmul(wh, self.a[self.out_features :, :])
        e = self.leakyrelu(wh1 + wh2.T)
        zero_vec = -9e15 * torch.ones_like(e)
        attention = torch.where(adj > 0, e, zero_vec)
        attention = F.softmax(attention, dim=1)
        h_prime = torch.matmul(attention, wh)
        return F.elu(h_prime)


@published(FAMILY)
def graph_attention() -> Case:
    labels = torch.tensor([0, 1, 2, 1, 0])
    example = (torch.randn(5, 4), ADJACENCY)
    return Case(GraphAttentionLayer(4, 3), example, labels, F.cross_entropy)


class PointNet(nn.Module):
    """Shared layers over points, then the largest of each feature."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(3, 6, 1), nn.Conv1d(6, 8, 1)
        self.bn1, self.bn2 = nn.BatchNorm1d(6), nn.BatchNorm1d(8)
        self.fc = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.bn2(self.conv2(x))
        x = torch.max(x, 2, keepdim=True)[0]
        x = x.view(-1, 8)
        return F.log_softmax(self.fc(x), dim=1)


@published(FAMILY)
def point_net() -> Case:
    return Case(PointNet(), torch.randn(1, 3, 7), torch.tensor([2]), F.nll_loss)
