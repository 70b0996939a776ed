"""Generators and discriminators."""

import torch
from torch import Tensor, nn

from published_models import Case, published

FAMILY = "GAN"


@published(FAMILY)
def dcgan_generator() -> Case:
    """pytorch/examples' dcgan/main.py, with fewer channels and one stage less."""
    main = nn.Sequential(
        nn.ConvTranspose2d(6, 8, 4, 1, 0, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(True),
        nn.ConvTranspose2d(8, 4, 4, 2, 1, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(True),
        nn.ConvTranspose2d(4, 1, 4, 2, 1, bias=False),
        nn.Tanh(),
    )
    return Case(main, torch.randn(1, 6, 1, 1), torch.rand(1, 1, 16, 16), nn.MSELoss())


class Discriminator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(1, 4, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(4, 8, 4, 2, 1, bias=False),
            nn.BatchNorm2d(8),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(8, 1, 4, 1, 0, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        output = self.main(x)
        return output.view(-1, 1).squeeze(1)


@published(FAMILY)
def dcgan_discriminator() -> Case:
    return Case(Discriminator(), torch.rand(1, 1, 16, 16), torch.ones(1), nn.BCELoss())


class ConditionalGenerator(nn.Module):
    """eriklindernoren/PyTorch-GAN's cgan.py."""

    def __init__(self, latent: int, classes: int) -> None:
        super().__init__()
        self.label_emb = nn.Embedding(classes, classes)
        self.model = nn.Sequential(
            nn.Linear(latent + classes, 8),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(8, 12),
            nn.BatchNorm1d(12, 0.8),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(12, 16),
            nn.Tanh(),
        )

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        gen_input = torch.cat((self.label_emb(labels), noise), -1)
        img = self.model(gen_input)
        img = img.view(img.size(0), *(1, 4, 4))
        return img


@published(FAMILY)
def conditional_generator() -> Case:
    example = (torch.randn(1, 5), torch.tensor([2]))
    return Case(ConditionalGenerator(5, 4), example, torch.rand(1, 1, 4, 4), nn.MSELoss())
