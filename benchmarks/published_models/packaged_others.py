"""Unchanged classes of packages for tables, signals and functions."""

import torch
from torch import nn

from published_models import Case, module, published

FAMILY = "packaged: tables, signals and functions"


@published(FAMILY, "siren-pytorch")
def siren() -> Case:
    siren_pytorch = module("siren_pytorch")
    model = siren_pytorch.SirenNet(
        dim_in=2, dim_hidden=8, dim_out=3, num_layers=2, final_activation=nn.Sigmoid()
    )
    return Case(model, torch.randn(2, 2), torch.rand(2, 3), nn.MSELoss())


@published(FAMILY, "tab-transformer-pytorch")
def tab_transformer() -> Case:
    tab = module("tab_transformer_pytorch")
    model = tab.TabTransformer(
        categories=(3, 4),
        num_continuous=2,
        dim=8,
        depth=1,
        heads=2,
        dim_head=4,
        dim_out=1,
        mlp_act=nn.ReLU(),
    )
    example = (torch.tensor([[1, 2]]), torch.randn(1, 2))
    return Case(model, example, torch.ones(1, 1), nn.BCEWithLogitsLoss())


@published(FAMILY, "tab-transformer-pytorch")
def feature_tokenizer_transformer() -> Case:
    tab = module("tab_transformer_pytorch")
    model = tab.FTTransformer(
        categories=(3, 4), num_continuous=2, dim=8, depth=1, heads=2, dim_head=4, dim_out=1
    )
    example = (torch.tensor([[1, 2]]), torch.randn(1, 2))
    return Case(model, example, torch.ones(1, 1), nn.BCEWithLogitsLoss())


@published(FAMILY, "rtdl-revisiting-models")
def tabular_resnet() -> Case:
    rtdl = module("rtdl_revisiting_models")
    model = rtdl.ResNet(
        d_in=5, d_out=3, n_blocks=1, d_block=8, d_hidden=8, d_hidden_multiplier=None, dropout1=0.1,
        dropout2=0.0,
    )  # fmt: skip
    return Case(model, torch.randn(2, 5), torch.tensor([2, 0]))


@published(FAMILY, "pytorch-tcn")
def temporal_convolutional_network() -> Case:
    tcn = module("pytorch_tcn")
    model = tcn.TCN(num_inputs=2, num_channels=[4, 4], kernel_size=2, dropout=0.1)
    return Case(model, torch.randn(1, 2, 8), torch.randn(1, 4, 8), nn.MSELoss())


@published(FAMILY, "conformer")
def conformer_block() -> Case:
    conformer = module("conformer")
    model = conformer.ConformerBlock(
        dim=8, dim_head=4, heads=2, ff_mult=2, conv_expansion_factor=2, conv_kernel_size=3
    )
    return Case(model, torch.randn(1, 5, 8), torch.randn(1, 5, 8), nn.MSELoss())
