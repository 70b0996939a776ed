"""U-Nets and other networks from image to image."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from published_models import Case, published

FAMILY = "U-Net"


class DoubleConv(nn.Module):
    """milesial/Pytorch-UNet's (convolution => [BN] => ReLU) * 2."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.double_conv = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.double_conv(x)


class Up(nn.Module):
    """Upscaling then double conv."""

    def __init__(self, in_channels: int, out_channels: int, bilinear: bool) -> None:
        super().__init__()
        self.up: nn.Module = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        if not bilinear:
            self.up = nn.ConvTranspose2d(in_channels, in_channels // 2, kernel_size=2, stride=2)
        half = in_channels + out_channels if bilinear else in_channels // 2 + out_channels
        self.conv = DoubleConv(half, out_channels)

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        x1 = self.up(x1)
        diff_y = x2.size()[2] - x1.size()[2]
        diff_x = x2.size()[3] - x1.size()[3]
        x1 = F.pad(x1, [diff_x // 2, diff_x - diff_x // 2, diff_y // 2, diff_y - diff_y // 2])
        x = torch.cat([x2, x1], dim=1)
        return self.conv(x)


class UNet(nn.Module):
    def __init__(self, bilinear: bool) -> None:
        super().__init__()
        self.inc = DoubleConv(1, 4)
        self.down = nn.Sequential(nn.MaxPool2d(2), DoubleConv(4, 8))
        self.up = Up(8, 4, bilinear)
        self.outc = nn.Conv2d(4, 1, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        x1 = self.inc(x)
        x2 = self.down(x1)
        x = self.up(x2, x1)
        return self.outc(x)


@published(FAMILY)
def unet_bilinear() -> Case:
    mask = (torch.rand(1, 1, 9, 9) > 0.5).float()
    return Case(UNet(True), torch.rand(1, 1, 9, 9), mask, nn.BCEWithLogitsLoss())


@published(FAMILY)
def unet_transposed() -> Case:
    mask = (torch.rand(1, 1, 8, 8) > 0.5).float()
    return Case(UNet(False), torch.rand(1, 1, 8, 8), mask, nn.BCEWithLogitsLoss())


class AttentionGate(nn.Module):
    """The gate of Attention U-Net."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.w_g = nn.Conv2d(channels, channels, 1)
        self.w_x = nn.Conv2d(channels, channels, 1, stride=2)
        self.psi = nn.Conv2d(channels, 1, 1)
        self.out = nn.Conv2d(channels, 3, 3, padding="same")

    def forward(self, x: Tensor) -> Tensor:
        g = F.avg_pool2d(x, kernel_size=3, stride=2, padding=1)
        attention = torch.sigmoid(self.psi(F.relu(self.w_g(g) + self.w_x(x))))
        attention = F.interpolate(attention, size=x.shape[2:], mode="bilinear")
        return self.out(x * attention)


@published(FAMILY)
def attention_gate_segmentation() -> Case:
    model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.PReLU(4), AttentionGate(4))
    return Case(model, torch.rand(1, 1, 6, 6), torch.randint(3, (1, 6, 6)), nn.CrossEntropyLoss())


class SuperResolution(nn.Module):
    """pytorch/examples' super_resolution/model.py, with fewer channels."""

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.conv1 = nn.Conv2d(1, 6, (5, 5), (1, 1), (2, 2))
        self.conv2 = nn.Conv2d(6, 4, (3, 3), (1, 1), (1, 1))
        self.conv3 = nn.Conv2d(4, upscale_factor**2, (3, 3), (1, 1), (1, 1))
        self.pixel_shuffle = nn.PixelShuffle(upscale_factor)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv1(x))
        x = self.relu(self.conv2(x))
        x = self.pixel_shuffle(self.conv3(x))
        return x


@published(FAMILY)
def super_resolution() -> Case:
    return Case(SuperResolution(2), torch.rand(1, 1, 6, 6), torch.rand(1, 1, 12, 12), nn.MSELoss())


class StyleBlock(nn.Module):
    """Of pytorch/examples' fast_neural_style: reflection, instance norm, nearest upsampling."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reflection_pad = nn.ReflectionPad2d(1)
        self.conv1 = nn.Conv2d(channels, channels, 3)
        self.in1 = nn.InstanceNorm2d(channels, affine=True)
        self.conv2 = nn.Conv2d(channels, 3, 3)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        residual = x
        out = self.relu(self.in1(self.conv1(self.reflection_pad(x))))
        out = out + residual
        out = F.interpolate(out, mode="nearest", scale_factor=2)
        return self.conv2(self.reflection_pad(out))


@published(FAMILY)
def fast_neural_style() -> Case:
    model = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1), StyleBlock(4))
    return Case(model, torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 8), F.mse_loss)
