"""Autoencoders."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from published_models import Case, published

FAMILY = "autoencoder"


@published(FAMILY)
def convolutional_autoencoder() -> Case:
    encoder = [nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(4, 8, 4)]
    decoder = [
        nn.ConvTranspose2d(8, 4, 4),
        nn.ReLU(),
        nn.ConvTranspose2d(4, 1, 3, stride=2, padding=1, output_padding=1),
        nn.Sigmoid(),
    ]
    x = torch.rand(1, 1, 8, 8)
    return Case(nn.Sequential(*encoder, *decoder), x, x, nn.BCELoss())


class VAE(nn.Module):
    """pytorch/examples' vae/main.py, with fewer units."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(16, 8)
        self.fc21 = nn.Linear(8, 2)
        self.fc22 = nn.Linear(8, 2)
        self.fc3 = nn.Linear(2, 8)
        self.fc4 = nn.Linear(8, 16)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu: Tensor, logvar: Tensor) -> Tensor:
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

    def decode(self, z: Tensor) -> Tensor:
        h3 = F.relu(self.fc3(z))
        return torch.sigmoid(self.fc4(h3))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mu, logvar = self.encode(x.view(-1, 16))
        z = self.reparameterize(mu, logvar)
        return self.decode(z), mu, logvar


@published(FAMILY)
def vae_example() -> Case:
    def loss(output: Any, x: Tensor) -> Tensor:
        recon_x, mu, logvar = output
        bce = F.binary_cross_entropy(recon_x, x.view(-1, 16), reduction="sum")
        kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        return bce + kld

    x = torch.rand(1, 1, 4, 4)
    return Case(VAE(), x, x, loss)


class VAEOfTheMean(VAE):
    """Samples in training only, as most libraries write it."""

    def reparameterize(self, mu: Tensor, logvar: Tensor) -> Tensor:
        if self.training:
            return super().reparameterize(mu, logvar)
        return mu


@published(FAMILY)
def vae_in_evaluation() -> Case:
    x = torch.rand(1, 16)
    return Case(VAEOfTheMean(), x, x, nn.BCELoss(), output=0)


class VectorQuantizer(nn.Module):
    """The straight-through quantizer of VQ-VAE between two layers."""

    def __init__(self, num_embeddings: int, embedding_dim: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(6, embedding_dim)
        self.embedding = nn.Embedding(num_embeddings, embedding_dim)
        self.decoder = nn.Linear(embedding_dim, 6)

    def forward(self, x: Tensor) -> Tensor:
        z = self.encoder(x)
        distances = (
            torch.sum(z**2, dim=1, keepdim=True)
            + torch.sum(self.embedding.weight**2, dim=1)
            - 2 * torch.matmul(z, self.embedding.weight.t())
        )
        indices = torch.argmin(distances, dim=1).unsqueeze(1)
        encodings = torch.zeros(indices.shape[0], self.embedding.num_embeddings)
        encodings.scatter_(1, indices, 1)
        quantized = torch.matmul(encodings.to(z.dtype), self.embedding.weight)
        quantized = z + (quantized - z).detach()
        return self.decoder(quantized)


@published(FAMILY)
def vector_quantizer() -> Case:
    x = torch.randn(2, 6)
    return Case(VectorQuantizer(5, 3), x, x, F.mse_loss)
