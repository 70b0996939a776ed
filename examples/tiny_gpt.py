"""A tiny GPT that invents first names: trains it and writes its weights beside this file.

The 5,163 names are those of the 1990 census of the United States, in the public domain, as the
package ``names`` 0.3.0 has them. build.py writes the network on one name as tiny-gpt.xlsx.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

HERE = Path(__file__).parent
LETTERS = ".abcdefghijklmnopqrstuvwxyz"  # the dot begins and ends a name
LONGEST = 12
WIDTH, HIDDEN, HEADS = 16, 64, 2


class Attention(nn.Module):
    """Each letter looks at the letters before it."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.value, self.project = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """Vectors (names, letters, WIDTH), each with what it has seen."""
        heads = [part(x).unflatten(2, (HEADS, -1)) for part in (self.query, self.key, self.value)]
        q, k, v = (head.transpose(1, 2) for head in heads)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return torch.as_tensor(self.project(seen.transpose(1, 2).flatten(2)))


class TinyGPT(nn.Module):
    """One transformer block between an embedding of letters and the logits of the next ones."""

    def __init__(self) -> None:
        super().__init__()
        self.letters = nn.Embedding(len(LETTERS), WIDTH)
        self.positions = nn.Embedding(LONGEST, WIDTH)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention = Attention()
        self.mlp = nn.Sequential(nn.Linear(WIDTH, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, WIDTH))
        self.head = nn.Linear(WIDTH, len(LETTERS))

    def forward(self, names: Tensor) -> Tensor:
        """Logits (names, letters, LETTERS) of the letter after each."""
        x = self.letters(names) + self.positions(torch.arange(names.shape[1]))
        x = x + self.attention(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return torch.as_tensor(self.head(x))


def encoded(name: str) -> tuple[Tensor, Tensor]:
    """The letters of a name, and after each the next one."""
    numbers = torch.tensor([LETTERS.index(letter) for letter in f".{name}."])
    return numbers[:-1], numbers[1:]


def trained(updates: int = 4000) -> TinyGPT:
    """The network after some updates, each on 128 names."""
    torch.manual_seed(0)
    pairs = [encoded(name) for name in (HERE / "names.txt").read_text().split()]
    inputs = pad_sequence([letters for letters, _ in pairs], batch_first=True)
    targets = pad_sequence([following for _, following in pairs], True, -100)
    model = TinyGPT()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(updates):
        batch = torch.randint(len(pairs), (128,))
        loss = F.cross_entropy(model(inputs[batch]).flatten(0, 1), targets[batch].flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    print(f"loss of the last batch {loss.item():.3f}")
    return model


def invented(model: TinyGPT) -> str:
    """A name, letter by letter."""
    letters = [0]
    while len(letters) == 1 or (letters[-1] and len(letters) < LONGEST):
        logits = model(torch.tensor([letters]))[0, -1]
        letters.append(int(torch.multinomial(logits.softmax(0), 1)))
    return "".join(LETTERS[letter] for letter in letters).strip(".")


def pretrained() -> TinyGPT:
    """The network with the weights beside this file."""
    model = TinyGPT()
    model.load_state_dict(load_file(HERE / "tiny-gpt.safetensors"))
    return model


if __name__ == "__main__":
    save_file(trained().state_dict(), HERE / "tiny-gpt.safetensors")
    print(", ".join(invented(pretrained()) for _ in range(20)))
