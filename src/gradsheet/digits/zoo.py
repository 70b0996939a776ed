"""The zoo: networks of 472 to 17,410 parameters, by name."""

from collections.abc import Mapping
from typing import Any

from gradsheet.digits.model import Architecture, DigitNet
from gradsheet.digits.small_model import Separable, SmallArchitecture, SmallNet
from gradsheet.errors import GradsheetError

AnyArchitecture = Architecture | SmallArchitecture
Network = DigitNet | SmallNet

EXACT = "17k"
"""The network of 17,410 parameters; all others are small networks."""


ZOO: dict[str, AnyArchitecture] = {
    "0.5k": SmallArchitecture(11, (Separable(11, times=5),)),
    "0.7k": SmallArchitecture(17, (Separable(17, times=5),), shared_kernels=True),
    "1k": SmallArchitecture(20, (Separable(20, times=5),)),
    "2k": SmallArchitecture(16, (Separable(24), Separable(24, times=4))),
    "5k": SmallArchitecture(32, (Separable(32), Separable(32, times=2), Separable(32, times=2))),
    "8k": SmallArchitecture(24, (Separable(64), Separable(64, times=4))),
    "10k": SmallArchitecture(24, (Separable(72), Separable(72, times=4))),
    EXACT: Architecture(activation="gelu", order="pool-norm-activation", activate_last=True),
}


def find_architecture(name: str) -> AnyArchitecture:
    """The architecture of the network called ``name``.

    Raises:
        GradsheetError: there is no such network.
    """
    if name not in ZOO:
        raise GradsheetError(f"no network is called '{name}'; choose from {', '.join(ZOO)}")
    return ZOO[name]


def name_of(architecture: AnyArchitecture) -> str | None:
    """The name of the network with that architecture; None if it is not in the zoo."""
    return next((name for name, one in ZOO.items() if one == architecture), None)


def make_network(architecture: AnyArchitecture) -> Network:
    """A network with random weights."""
    if isinstance(architecture, SmallArchitecture):
        return SmallNet(architecture)
    return DigitNet(architecture)


def read_architecture(values: Mapping[str, Any]) -> AnyArchitecture:
    """The architecture whose fields a file states.

    Raises:
        Exception: it states another thing, whatever that is.
    """
    if "layers" not in values:
        return Architecture(**values)
    layers = tuple(Separable(**layer) for layer in values["layers"])
    return SmallArchitecture(**{**values, "layers": layers})
