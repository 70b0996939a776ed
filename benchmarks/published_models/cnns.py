"""Convolutional networks."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from published_models import Case, published

FAMILY = "CNN"


class LeNet5(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, kernel_size=5, padding=2),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.Conv2d(6, 16, kernel_size=5),
            nn.Tanh(),
            nn.AvgPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(16 * 2 * 2, 24), nn.Tanh(), nn.Linear(24, 10)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x))


@published(FAMILY)
def lenet5() -> Case:
    return Case(LeNet5(), torch.rand(1, 1, 16, 16), torch.tensor([7]))


class MnistNet(nn.Module):
    """pytorch/examples' mnist/main.py, with fewer channels, on 14 x 14 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, 1)
        self.conv2 = nn.Conv2d(4, 8, 3, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(200, 16)
        self.fc2 = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        x = F.relu(x)
        x = self.conv2(x)
        x = F.relu(x)
        x = F.max_pool2d(x, 2)
        x = self.dropout1(x)
        x = torch.flatten(x, 1)
        x = self.fc1(x)
        x = F.relu(x)
        x = self.dropout2(x)
        x = self.fc2(x)
        output = F.log_softmax(x, dim=1)
        return output


@published(FAMILY)
def mnist_example() -> Case:
    return Case(MnistNet(), torch.rand(1, 1, 14, 14), torch.tensor([4]), F.nll_loss)


CONFIGURATION = [4, "M", 8, 8, "M"]


class VGG(nn.Module):
    """kuangliu/pytorch-cifar's VGG."""

    def __init__(self) -> None:
        super().__init__()
        self.features = self._make_layers(CONFIGURATION)
        self.classifier = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        out = self.features(x)
        out = out.view(out.size(0), -1)
        out = self.classifier(out)
        return out

    def _make_layers(self, cfg: list[int | str]) -> nn.Sequential:
        layers: list[nn.Module] = []
        in_channels = 3
        for x in cfg:
            if isinstance(x, str):
                layers += [nn.MaxPool2d(kernel_size=2, stride=2)]
            else:
                layers += [
                    nn.Conv2d(in_channels, x, kernel_size=3, padding=1),
                    nn.BatchNorm2d(x),
                    nn.ReLU(inplace=True),
                ]
                in_channels = x
        layers += [nn.AvgPool2d(kernel_size=1, stride=1), nn.AdaptiveAvgPool2d((1, 1))]
        return nn.Sequential(*layers)


@published(FAMILY)
def vgg_batch_norm() -> Case:
    return Case(VGG(), torch.randn(1, 3, 8, 8), torch.tensor([1]))


@published(FAMILY)
def vgg_in_training() -> Case:
    return Case(VGG(), torch.randn(3, 3, 8, 8), torch.tensor([1, 0, 5]), training=True)


class Inception(nn.Module):
    def __init__(self, c_in: int, c_red: dict[str, int], c_out: dict[str, int]) -> None:
        super().__init__()
        self.conv_1x1 = self._block(c_in, c_out["1x1"], 1)
        self.conv_3x3 = nn.Sequential(
            self._block(c_in, c_red["3x3"], 1), self._block(c_red["3x3"], c_out["3x3"], 3)
        )
        self.conv_5x5 = nn.Sequential(
            self._block(c_in, c_red["5x5"], 1), self._block(c_red["5x5"], c_out["5x5"], 5)
        )
        self.max_pool = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, padding=1, stride=1), self._block(c_in, c_out["max"], 1)
        )

    @staticmethod
    def _block(c_in: int, c_out: int, k: int) -> nn.Sequential:
        conv = nn.Conv2d(c_in, c_out, kernel_size=k, padding=k // 2)
        return nn.Sequential(conv, nn.BatchNorm2d(c_out), nn.LeakyReLU(0.1))

    def forward(self, x: Tensor) -> Tensor:
        x_out = [self.conv_1x1(x), self.conv_3x3(x), self.conv_5x5(x), self.max_pool(x)]
        return torch.cat(x_out, dim=1)


@published(FAMILY)
def inception() -> Case:
    block = Inception(3, {"3x3": 2, "5x5": 2}, {"1x1": 2, "3x3": 3, "5x5": 2, "max": 2})
    head = [nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(9, 4)]
    return Case(nn.Sequential(block, *head), torch.randn(1, 3, 8, 8), torch.tensor([2]))


class Fire(nn.Module):
    def __init__(self, inplanes: int, squeeze: int, expand1x1: int, expand3x3: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inplanes, squeeze, kernel_size=1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze, expand1x1, kernel_size=1)
        self.expand3x3 = nn.Conv2d(squeeze, expand3x3, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze_activation(self.squeeze(x))
        return torch.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


@published(FAMILY)
def squeezenet() -> Case:
    model = nn.Sequential(
        nn.Conv2d(3, 6, kernel_size=3, stride=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),
        Fire(6, 2, 4, 4),
        nn.Dropout(0.5),
        nn.Conv2d(8, 5, kernel_size=1),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d((1, 1)),
        nn.Flatten(1),
    )
    return Case(model, torch.randn(1, 3, 16, 16), torch.tensor([3]))


class TextCNN(nn.Module):
    """Kim's CNN for sentences."""

    def __init__(self, vocabulary: int, dim: int, classes: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, dim)
        self.convs = nn.ModuleList([nn.Conv2d(1, 4, (k, dim)) for k in (2, 3, 4)])
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(3 * 4, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        x = x.unsqueeze(1)
        pooled = [F.relu(conv(x)).squeeze(3) for conv in self.convs]
        pooled = [F.max_pool1d(i, i.size(2)).squeeze(2) for i in pooled]
        return self.fc(self.dropout(torch.cat(pooled, 1)))


@published(FAMILY)
def text_cnn() -> Case:
    return Case(TextCNN(20, 6, 2), torch.tensor([[3, 7, 1, 19, 4, 0, 2]]), torch.tensor([1]))


class ECGNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(1, 4, 5, stride=2, padding=2),
            nn.BatchNorm1d(4),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Conv1d(4, 8, 3, padding=2, dilation=2),
            nn.ELU(),
            nn.AdaptiveAvgPool1d(4),
        )
        self.fc = nn.Linear(32, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.net(x)
        return self.fc(x.reshape(x.shape[0], -1))


@published(FAMILY)
def ecg_one_dimension() -> Case:
    return Case(ECGNet(), torch.randn(1, 1, 40), torch.tensor([2]))


class VoxNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(1, 3, kernel_size=3, stride=2)
        self.conv2 = nn.Conv3d(3, 4, kernel_size=2)
        self.pool = nn.MaxPool3d(2)
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.conv1(x), 0.1)
        x = self.pool(F.leaky_relu(self.conv2(x), 0.1))
        return self.fc(x.view(x.size(0), -1))


@published(FAMILY)
def voxels_three_dimensions() -> Case:
    return Case(VoxNet(), torch.rand(1, 1, 8, 8, 8), torch.tensor([0]))


class CBAM(nn.Module):
    """Channel attention, then spatial attention."""

    def __init__(self, channels: int, ratio: int = 2) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Conv2d(channels, channels // ratio, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(channels // ratio, channels, 1, bias=False),
        )
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        avg = self.mlp(F.adaptive_avg_pool2d(x, 1))
        maximum = self.mlp(F.adaptive_max_pool2d(x, 1))
        x = x * torch.sigmoid(avg + maximum)
        mean = torch.mean(x, dim=1, keepdim=True)
        highest, _ = torch.max(x, dim=1, keepdim=True)
        return x * torch.sigmoid(self.conv(torch.cat([mean, highest], dim=1)))


@published(FAMILY)
def cbam() -> Case:
    layers = [nn.Conv2d(1, 4, 3), nn.ReLU(), CBAM(4), nn.Flatten(), nn.Linear(4 * 36, 3)]
    return Case(nn.Sequential(*layers), torch.rand(1, 1, 8, 8), torch.tensor([1]))
