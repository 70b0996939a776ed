"""Unchanged classes of timm, torchvision and transformers for images."""

from functools import partial

import torch
from torch import nn

from published_models import Case, module, published

FAMILY = "packaged: images"
LABEL = torch.tensor([2])


def image(size: int, channels: int = 3) -> torch.Tensor:
    return torch.rand(1, channels, size, size)


@published(FAMILY, "timm")
def timm_resnet() -> Case:
    resnet = module("timm.models.resnet")
    model = resnet.ResNet(
        resnet.BasicBlock,
        (1, 1, 1, 1),
        num_classes=5,
        channels=(4, 4, 8, 8),
        stem_type="deep",
        stem_width=2,
    )
    return Case(model, image(32), LABEL)


@published(FAMILY, "timm")
def timm_seresnext() -> Case:
    resnet = module("timm.models.resnet")
    model = resnet.ResNet(
        resnet.Bottleneck,
        (1, 1, 1, 1),
        num_classes=5,
        channels=(2, 2, 4, 4),
        stem_type="deep",
        stem_width=2,
        cardinality=2,
        base_width=32,
        block_args={"attn_layer": "se"},
    )
    return Case(model, image(16), LABEL)


@published(FAMILY, "timm")
def timm_vision_transformer() -> Case:
    vit = module("timm.models.vision_transformer")
    model = vit.VisionTransformer(
        img_size=12, patch_size=6, embed_dim=8, depth=2, num_heads=2, num_classes=5
    )
    return Case(model, image(12), LABEL)


@published(FAMILY, "timm")
def timm_cait() -> Case:
    cait = module("timm.models.cait")
    model = cait.Cait(
        img_size=12, patch_size=6, embed_dim=8, depth=1, num_heads=2, depth_token_only=1,
        num_classes=5,
    )  # fmt: skip
    return Case(model, image(12), LABEL)


@published(FAMILY, "timm")
def timm_mixer() -> Case:
    mixer = module("timm.models.mlp_mixer")
    model = mixer.MlpMixer(img_size=12, patch_size=4, embed_dim=8, num_blocks=2, num_classes=5)
    return Case(model, image(12), LABEL)


@published(FAMILY, "timm")
def timm_convnext() -> Case:
    convnext = module("timm.models.convnext")
    model = convnext.ConvNeXt(
        depths=(1, 1, 1, 1), dims=(4, 4, 8, 8), num_classes=5, ls_init_value=1.0
    )
    return Case(model, image(32), LABEL)


@published(FAMILY, "timm")
def timm_swin() -> Case:
    swin = module("timm.models.swin_transformer")
    model = swin.SwinTransformer(
        img_size=16, patch_size=2, embed_dim=4, depths=(2, 1), num_heads=(1, 2), window_size=4,
        num_classes=5,
    )  # fmt: skip
    return Case(model, image(16), LABEL)


@published(FAMILY, "timm")
def timm_densenet() -> Case:
    densenet = module("timm.models.densenet")
    model = densenet.DenseNet(growth_rate=4, block_config=(2, 2), bn_size=2, num_classes=5)
    return Case(model, image(32), LABEL)


@published(FAMILY, "timm")
def timm_convmixer() -> Case:
    convmixer = module("timm.models.convmixer")
    model = convmixer.ConvMixer(dim=6, depth=2, kernel_size=3, patch_size=3, num_classes=5)
    return Case(model, image(12), LABEL)


@published(FAMILY, "timm")
def timm_poolformer() -> Case:
    metaformer = module("timm.models.metaformer")
    model = metaformer.MetaFormer(
        depths=(1, 1),
        dims=(4, 8),
        token_mixers=metaformer.Pooling,
        mlp_act=nn.GELU,
        num_classes=5,
    )
    return Case(model, image(24), LABEL)


@published(FAMILY, "torchvision")
def torchvision_shufflenet() -> Case:
    shufflenet = module("torchvision.models.shufflenetv2")
    model = shufflenet.ShuffleNetV2([1, 1, 1], [4, 8, 8, 8, 12], num_classes=5)
    return Case(model, image(32), LABEL)


@published(FAMILY, "torchvision")
def torchvision_mobilenet_v3() -> Case:
    mobilenet = module("torchvision.models.mobilenetv3")
    block = partial(mobilenet.InvertedResidualConfig, width_mult=1.0)
    setting = [block(8, 3, 8, 8, True, "RE", 2, 1), block(8, 5, 16, 8, True, "HS", 1, 1)]
    model = mobilenet.MobileNetV3(setting, last_channel=16, num_classes=5)
    return Case(model, image(16), LABEL)


@published(FAMILY, "torchvision")
def torchvision_efficientnet() -> Case:
    efficientnet = module("torchvision.models.efficientnet")
    block = partial(efficientnet.MBConvConfig, width_mult=1.0, depth_mult=1.0)
    setting = [block(1, 3, 1, 8, 8, 1), block(2, 3, 2, 8, 8, 1)]
    model = efficientnet.EfficientNet(setting, dropout=0.2, num_classes=5, last_channel=16)
    return Case(model, image(16), LABEL)


@published(FAMILY, "torchvision")
def torchvision_vision_transformer() -> Case:
    vit = module("torchvision.models.vision_transformer")
    model = vit.VisionTransformer(
        image_size=12, patch_size=6, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=16,
        num_classes=5,
    )  # fmt: skip
    return Case(model, image(12), LABEL)


@published(FAMILY, "torchvision")
def torchvision_swin() -> Case:
    swin = module("torchvision.models.swin_transformer")
    model = swin.SwinTransformer(
        patch_size=[2, 2], embed_dim=8, depths=[2], num_heads=[2], window_size=[2, 2], num_classes=5
    )
    return Case(model, image(8), LABEL)


@published(FAMILY, "torchvision")
def torchvision_densenet() -> Case:
    densenet = module("torchvision.models.densenet")
    model = densenet.DenseNet(
        growth_rate=4, block_config=(2, 2), num_init_features=4, bn_size=2, num_classes=5
    )
    return Case(model, image(32), LABEL)


@published(FAMILY, "transformers")
def hugging_face_vit() -> Case:
    transformers = module("transformers")
    configuration = transformers.ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        image_size=12, patch_size=6, num_labels=5,
    )  # fmt: skip
    model = transformers.ViTForImageClassification(configuration)
    return Case(model, {"pixel_values": image(12)}, LABEL, output="logits")


@published(FAMILY, "transformers")
def hugging_face_resnet() -> Case:
    transformers = module("transformers")
    configuration = transformers.ResNetConfig(
        embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], layer_type="basic", num_labels=5
    )
    model = transformers.ResNetForImageClassification(configuration)
    return Case(model, {"pixel_values": image(16)}, LABEL, output="logits")


@published(FAMILY, "transformers")
def hugging_face_convnext() -> Case:
    transformers = module("transformers")
    configuration = transformers.ConvNextConfig(
        num_stages=2, hidden_sizes=[4, 8], depths=[1, 1], num_labels=5, image_size=16
    )
    model = transformers.ConvNextForImageClassification(configuration)
    return Case(model, {"pixel_values": image(16)}, LABEL, output="logits")


@published(FAMILY, "transformers")
def hugging_face_segformer() -> Case:
    transformers = module("transformers")
    configuration = transformers.SegformerConfig(
        num_encoder_blocks=2, depths=[1, 1], sr_ratios=[2, 1], hidden_sizes=[4, 8],
        patch_sizes=[3, 3], strides=[2, 2], num_attention_heads=[1, 2], mlp_ratios=[2, 2],
        decoder_hidden_size=8, num_labels=3,
    )  # fmt: skip
    model = transformers.SegformerForSemanticSegmentation(configuration)
    mask = torch.randint(3, (1, 4, 4))
    return Case(model, {"pixel_values": image(8)}, mask, nn.CrossEntropyLoss(), output="logits")


@published(FAMILY, "vit-pytorch")
def vit_pytorch_vit() -> Case:
    vit = module("vit_pytorch")
    model = vit.ViT(
        image_size=12, patch_size=6, num_classes=5, dim=8, depth=1, heads=2, mlp_dim=16, dim_head=4
    )
    return Case(model, image(12), LABEL)


@published(FAMILY, "vit-pytorch")
def vit_pytorch_compact_convolutional() -> Case:
    cct = module("vit_pytorch.cct")
    model = cct.CCT(
        img_size=(16, 16), embedding_dim=8, n_conv_layers=1, kernel_size=3, stride=2, padding=1,
        pooling_kernel_size=3, pooling_stride=2, pooling_padding=1, num_layers=1, num_heads=2,
        mlp_ratio=2.0, num_classes=5, positional_embedding="learnable",
    )  # fmt: skip
    return Case(model, image(16), LABEL)


@published(FAMILY, "mlp-mixer-pytorch")
def mlp_mixer_pytorch() -> Case:
    mixer = module("mlp_mixer_pytorch")
    model = mixer.MLPMixer(
        image_size=12, channels=3, patch_size=4, dim=8, depth=1, num_classes=5, expansion_factor=2
    )
    return Case(model, image(12), LABEL)


@published(FAMILY, "g-mlp-pytorch")
def g_mlp_pytorch_vision() -> Case:
    gmlp = module("g_mlp_pytorch")
    model = gmlp.gMLPVision(image_size=12, patch_size=4, num_classes=5, dim=8, depth=1, ff_mult=2)
    return Case(model, image(12), LABEL)


@published(FAMILY, "monai")
def monai_unet() -> Case:
    nets = module("monai.networks.nets")
    model = nets.UNet(
        spatial_dims=2, in_channels=1, out_channels=2, channels=(4, 8), strides=(2,),
        num_res_units=1,
    )  # fmt: skip
    return Case(model, image(8, 1), torch.randint(2, (1, 8, 8)), nn.CrossEntropyLoss())


@published(FAMILY, "monai")
def monai_autoencoder() -> Case:
    nets = module("monai.networks.nets")
    model = nets.AutoEncoder(
        spatial_dims=2, in_channels=1, out_channels=1, channels=(4, 6), strides=(2, 2)
    )
    x = image(8, 1)
    return Case(model, x, x, nn.MSELoss())
