"""Attention, transformers and small language models."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from published_models import Case, published

FAMILY = "transformer"


def next_token(logits: Tensor, ids: Tensor) -> Any:
    return F.cross_entropy(logits.reshape(-1, logits.size(-1)), ids.reshape(-1))


class PositionalEncoding(nn.Module):
    """That of the tutorial Language Modeling with nn.Transformer."""

    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 20) -> None:
        super().__init__()
        self.dropout = nn.Dropout(p=dropout)
        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(max_len, 1, d_model)
        pe[:, 0, 0::2] = torch.sin(position * div_term)
        pe[:, 0, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.pe[: x.size(0)]
        return self.dropout(x)


class TransformerModel(nn.Module):
    def __init__(self, ntoken: int, d_model: int, nhead: int, d_hid: int) -> None:
        super().__init__()
        self.pos_encoder = PositionalEncoding(d_model)
        encoder_layers = nn.TransformerEncoderLayer(d_model, nhead, d_hid)
        self.transformer_encoder = nn.TransformerEncoder(encoder_layers, 1)
        self.embedding = nn.Embedding(ntoken, d_model)
        self.d_model = d_model
        self.linear = nn.Linear(d_model, ntoken)

    def forward(self, src: Tensor) -> Tensor:
        src = self.embedding(src) * math.sqrt(self.d_model)
        src = self.pos_encoder(src)
        mask = nn.Transformer.generate_square_subsequent_mask(len(src)).to(src.dtype)
        output = self.transformer_encoder(src, mask)
        return self.linear(output)


@published(FAMILY)
def transformer_tutorial() -> Case:
    src, target = torch.tensor([[1], [4], [2], [0]]), torch.tensor([[4], [2], [0], [3]])
    return Case(TransformerModel(6, 8, 2, 12), src, target, next_token)


class Seq2SeqTransformer(nn.Module):
    """The translation tutorial's model around nn.Transformer."""

    def __init__(self, vocabulary: int, emb_size: int) -> None:
        super().__init__()
        self.transformer = nn.Transformer(emb_size, 2, 1, 1, 8, dropout=0.1, batch_first=True)
        self.generator = nn.Linear(emb_size, vocabulary)
        self.src_tok_emb = nn.Embedding(vocabulary, emb_size)
        self.tgt_tok_emb = nn.Embedding(vocabulary, emb_size)

    def forward(self, src: Tensor, trg: Tensor, tgt_mask: Tensor) -> Tensor:
        src_emb, tgt_emb = self.src_tok_emb(src), self.tgt_tok_emb(trg)
        outs = self.transformer(src_emb, tgt_emb, tgt_mask=tgt_mask)
        return self.generator(outs)


@published(FAMILY)
def transformer_translation() -> Case:
    mask = torch.triu(torch.ones(3, 3, dtype=torch.bool), diagonal=1)
    example = (torch.tensor([[1, 2, 5, 3]]), torch.tensor([[0, 4, 2]]), mask)
    return Case(Seq2SeqTransformer(6, 8), example, torch.tensor([[4, 2, 1]]), next_token)


class BahdanauAttention(nn.Module):
    """The decoder's attention of the translation tutorial."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.Wa = nn.Linear(hidden_size, hidden_size)
        self.Ua = nn.Linear(hidden_size, hidden_size)
        self.Va = nn.Linear(hidden_size, 1)

    def forward(self, query: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
        scores = self.Va(torch.tanh(self.Wa(query) + self.Ua(keys)))
        scores = scores.squeeze(2).unsqueeze(1)
        weights = F.softmax(scores, dim=-1)
        context = torch.bmm(weights, keys)
        return context, weights


@published(FAMILY)
def additive_attention() -> Case:
    example = {"query": torch.randn(1, 1, 4), "keys": torch.randn(1, 5, 4)}
    return Case(BahdanauAttention(4), example, torch.randn(1, 1, 4), F.mse_loss, output=0)


class Head(nn.Module):
    """One head of self-attention, of Karpathy's ng-video-lecture."""

    def __init__(self, n_embd: int, head_size: int, block_size: int) -> None:
        super().__init__()
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)
        self.register_buffer("tril", torch.tril(torch.ones(block_size, block_size)))
        self.dropout = nn.Dropout(0.2)

    def forward(self, x: Tensor) -> Tensor:
        _, t, _ = x.shape
        k, q = self.key(x), self.query(x)
        wei = q @ k.transpose(-2, -1) * k.shape[-1] ** -0.5
        wei = wei.masked_fill(self.tril[:t, :t] == 0, float("-inf"))
        wei = F.softmax(wei, dim=-1)
        wei = self.dropout(wei)
        return wei @ self.value(x)


class Block(nn.Module):
    def __init__(self, n_embd: int, n_head: int, block_size: int) -> None:
        super().__init__()
        size = n_embd // n_head
        self.heads = nn.ModuleList([Head(n_embd, size, block_size) for _ in range(n_head)])
        self.proj = nn.Linear(n_embd, n_embd)
        self.ffwd = nn.Sequential(
            nn.Linear(n_embd, 4 * n_embd), nn.ReLU(), nn.Linear(4 * n_embd, n_embd)
        )
        self.ln1, self.ln2 = nn.LayerNorm(n_embd), nn.LayerNorm(n_embd)

    def forward(self, x: Tensor) -> Tensor:
        y = self.ln1(x)
        x = x + self.proj(torch.cat([h(y) for h in self.heads], dim=-1))
        x = x + self.ffwd(self.ln2(x))
        return x


class LectureGPT(nn.Module):
    def __init__(self, vocab_size: int, n_embd: int, block_size: int) -> None:
        super().__init__()
        self.token_embedding_table = nn.Embedding(vocab_size, n_embd)
        self.position_embedding_table = nn.Embedding(block_size, n_embd)
        self.blocks = nn.Sequential(Block(n_embd, 2, block_size), Block(n_embd, 2, block_size))
        self.ln_f = nn.LayerNorm(n_embd)
        self.lm_head = nn.Linear(n_embd, vocab_size)

    def forward(self, idx: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Any]:
        b, t = idx.shape
        tok_emb = self.token_embedding_table(idx)
        pos_emb = self.position_embedding_table(torch.arange(t))
        x = self.blocks(tok_emb + pos_emb)
        logits = self.lm_head(self.ln_f(x))
        if targets is None:
            return logits, None
        logits = logits.view(b * t, -1)
        return logits, F.cross_entropy(logits, targets.view(b * t))


@published(FAMILY)
def lecture_gpt() -> Case:
    idx, targets = torch.tensor([[0, 3, 5, 2, 2]]), torch.tensor([[3, 5, 2, 2, 1]])
    return Case(LectureGPT(7, 8, 5), idx, targets, next_token, output=0)


class CausalSelfAttention(nn.Module):
    """karpathy/nanoGPT's attention."""

    def __init__(self, n_embd: int, n_head: int) -> None:
        super().__init__()
        self.c_attn = nn.Linear(n_embd, 3 * n_embd, bias=False)
        self.c_proj = nn.Linear(n_embd, n_embd, bias=False)
        self.n_head, self.n_embd = n_head, n_embd

    def forward(self, x: Tensor) -> Tensor:
        b, t, c = x.size()
        q, k, v = self.c_attn(x).split(self.n_embd, dim=2)
        k = k.view(b, t, self.n_head, c // self.n_head).transpose(1, 2)
        q = q.view(b, t, self.n_head, c // self.n_head).transpose(1, 2)
        v = v.view(b, t, self.n_head, c // self.n_head).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=0, is_causal=True)
        y = y.transpose(1, 2).contiguous().view(b, t, c)
        return self.c_proj(y)


class NanoGPT(nn.Module):
    def __init__(self, vocab_size: int, block_size: int, n_embd: int) -> None:
        super().__init__()
        self.wte = nn.Embedding(vocab_size, n_embd)
        self.wpe = nn.Embedding(block_size, n_embd)
        self.ln_1, self.ln_2 = nn.LayerNorm(n_embd), nn.LayerNorm(n_embd)
        self.attn = CausalSelfAttention(n_embd, 2)
        self.c_fc = nn.Linear(n_embd, 4 * n_embd)
        self.c_proj = nn.Linear(4 * n_embd, n_embd)
        self.lm_head = nn.Linear(n_embd, vocab_size, bias=False)
        self.wte.weight = self.lm_head.weight

    def forward(self, idx: Tensor) -> Tensor:
        pos = torch.arange(0, idx.size()[1], dtype=torch.long, device=idx.device)
        x = self.wte(idx) + self.wpe(pos)
        x = x + self.attn(self.ln_1(x))
        x = x + self.c_proj(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))
        return self.lm_head(x)


@published(FAMILY)
def nano_gpt() -> Case:
    idx, targets = torch.tensor([[0, 3, 5, 2, 2]]), torch.tensor([[3, 5, 2, 2, 1]])
    return Case(NanoGPT(7, 5, 8), idx, targets, next_token)


class Makemore(nn.Module):
    """The multilayer perceptron of karpathy/makemore after Bengio et al., 2003."""

    def __init__(self, vocab_size: int, block_size: int, n_embd: int) -> None:
        super().__init__()
        self.block_size, self.vocab_size = block_size, vocab_size
        self.wte = nn.Embedding(vocab_size + 1, n_embd)
        self.mlp = nn.Sequential(
            nn.Linear(block_size * n_embd, 12), nn.Tanh(), nn.Linear(12, vocab_size)
        )

    def forward(self, idx: Tensor) -> Tensor:
        embs = []
        for _ in range(self.block_size):
            tok_emb = self.wte(idx)
            idx = torch.roll(idx, 1, 1)
            idx[:, 0] = self.vocab_size
            embs.append(tok_emb)
        return self.mlp(torch.cat(embs, -1))


@published(FAMILY)
def makemore_mlp() -> Case:
    idx, targets = torch.tensor([[0, 3, 5, 2]]), torch.tensor([[3, 5, 2, 0]])
    return Case(Makemore(7, 3, 4), idx, targets, next_token)
