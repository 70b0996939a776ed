"""Unchanged classes of transformers and x-transformers for text."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from published_models import Case, module, published

FAMILY = "packaged: text"
IDS = torch.tensor([[5, 3, 8, 2, 9]])
NEXT = torch.tensor([[3, 8, 2, 9, 1]])
LABEL = torch.tensor([1])


def next_token(logits: Tensor, ids: Tensor) -> Any:
    return F.cross_entropy(logits.reshape(-1, logits.size(-1)), ids.reshape(-1))


def language_model(model: Any, example: Any = None) -> Case:
    """A causal language model with the loss of its next tokens."""
    return Case(model, example or {"input_ids": IDS}, NEXT, next_token, output="logits")


@published(FAMILY, "transformers")
def hugging_face_gpt2() -> Case:
    transformers = module("transformers")
    configuration = transformers.GPT2Config(
        vocab_size=12, n_positions=8, n_embd=8, n_layer=1, n_head=2, use_cache=False
    )
    return language_model(transformers.GPT2LMHeadModel(configuration))


@published(FAMILY, "transformers")
def hugging_face_llama() -> Case:
    transformers = module("transformers")
    configuration = transformers.LlamaConfig(
        vocab_size=12, hidden_size=8, intermediate_size=12, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=1, use_cache=False,
    )  # fmt: skip
    return language_model(transformers.LlamaForCausalLM(configuration))


@published(FAMILY, "transformers")
def hugging_face_opt() -> Case:
    transformers = module("transformers")
    configuration = transformers.OPTConfig(
        vocab_size=12, hidden_size=8, num_hidden_layers=1, ffn_dim=12, num_attention_heads=2,
        max_position_embeddings=10, word_embed_proj_dim=8, use_cache=False,
    )  # fmt: skip
    return language_model(transformers.OPTForCausalLM(configuration))


@published(FAMILY, "transformers")
def hugging_face_bert() -> Case:
    transformers = module("transformers")
    configuration = transformers.BertConfig(
        vocab_size=12, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=12, max_position_embeddings=8, num_labels=2,
    )  # fmt: skip
    model = transformers.BertForSequenceClassification(configuration)
    example = {"input_ids": IDS, "attention_mask": torch.tensor([[1, 1, 1, 1, 0]])}
    return Case(model, example, LABEL, output="logits")


@published(FAMILY, "transformers")
def hugging_face_distilbert() -> Case:
    transformers = module("transformers")
    configuration = transformers.DistilBertConfig(
        vocab_size=12, dim=8, n_layers=1, n_heads=2, hidden_dim=12, max_position_embeddings=8
    )
    model = transformers.DistilBertForSequenceClassification(configuration)
    return Case(model, {"input_ids": IDS}, LABEL, output="logits")


@published(FAMILY, "transformers")
def hugging_face_t5() -> Case:
    transformers = module("transformers")
    configuration = transformers.T5Config(
        vocab_size=12, d_model=8, d_kv=4, d_ff=12, num_layers=1, num_heads=2, use_cache=False
    )
    model = transformers.T5ForConditionalGeneration(configuration)
    return language_model(model, {"input_ids": IDS, "decoder_input_ids": IDS})


@published(FAMILY, "transformers")
def hugging_face_mamba() -> Case:
    transformers = module("transformers")
    configuration = transformers.MambaConfig(
        vocab_size=12, hidden_size=4, state_size=3, num_hidden_layers=1, use_cache=False
    )
    return language_model(transformers.MambaForCausalLM(configuration))


@published(FAMILY, "x-transformers")
def x_transformers_decoder() -> Case:
    x_transformers = module("x_transformers")
    layers = x_transformers.Decoder(dim=8, depth=1, heads=2, attn_dim_head=8, rotary_pos_emb=True)
    model = x_transformers.TransformerWrapper(num_tokens=12, max_seq_len=8, attn_layers=layers)
    return Case(model, IDS, NEXT, next_token)
