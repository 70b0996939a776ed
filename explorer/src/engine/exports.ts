/** A network as TOML, as JSON and as PyTorch code. */

import { OPTIMIZERS, type Spec } from "./network";

export function toToml(spec: Spec): string {
  const lines = [`name = ${JSON.stringify(spec.name)}`];
  if (spec.title) lines.push(`title = ${JSON.stringify(spec.title)}`);
  lines.push(`loss = "${spec.loss}"`, `optimizer = ${optimizer(spec)}`);
  if (spec.l2) lines.push(`l2 = ${real(spec.l2)}`);
  lines.push(`inputs = ${rows(spec.inputs)}`, `targets = ${rows(spec.targets)}`);
  for (const layer of spec.layers) {
    lines.push("", "[[layers]]", `activation = "${layer.activation}"`, `weights = ${rows(layer.weights)}`);
    if (layer.biases.length === 1) lines.push(`bias = ${real(layer.biases[0]!)}`);
    else if (layer.biases.length) lines.push(`biases = ${row(layer.biases)}`);
    if (!layer.train_biases) lines.push("train_biases = false");
  }
  return `${lines.join("\n")}\n`;
}

function optimizer(spec: Spec): string {
  const settings = OPTIMIZERS[spec.optimizer]!.settings.filter(({ name }) => name in (spec.settings ?? {}));
  const own = settings.map(({ name, key }) => `, ${key} = ${real(spec.settings![name]!)}`).join("");
  return own ? `{ name = "${spec.optimizer}"${own} }` : `"${spec.optimizer}"`;
}

function real(number: number): string {
  const text = String(number);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function row(numbers: number[]): string {
  return `[${numbers.map(real).join(", ")}]`;
}

function rows(matrix: number[][]): string {
  return `[${matrix.map(row).join(", ")}]`;
}

const MODULES: Record<string, string> = {
  sigmoid: "nn.Sigmoid()", tanh: "nn.Tanh()", relu: "nn.ReLU()", "leaky-relu": "nn.LeakyReLU(0.01)",
  gelu: "nn.GELU()", silu: "nn.SiLU()", softplus: "nn.Softplus()",
};
// Each with its settings, in the order of the table.
const CALLS: Record<string, (...settings: number[]) => string> = {
  sgd: () => "SGD(model.parameters(), lr=RATE)",
  momentum: (momentum) => `SGD(model.parameters(), lr=RATE, momentum=${momentum})`,
  nesterov: (momentum) => `SGD(model.parameters(), lr=RATE, momentum=${momentum}, nesterov=${momentum ? "True" : "False"})`,
  adam: (first, second, epsilon) => `Adam(model.parameters(), lr=RATE, betas=(${first}, ${second}), eps=${epsilon})`,
  adagrad: (epsilon) => `Adagrad(model.parameters(), lr=RATE, eps=${epsilon})`,
  rmsprop: (decay, epsilon) => `RMSprop(model.parameters(), lr=RATE, alpha=${decay}, eps=${epsilon})`,
  "weight-decay": (decay) => `SGD(model.parameters(), lr=RATE, weight_decay=${decay})`,
};
// The loss of one example, from outputs and targets (N, outputs); logits where PyTorch wants them.
const LOSSES: Record<string, string> = {
  "half-squared-error": "0.5 * ((y - t) ** 2).sum(dim=1).mean()",
  "squared-error": "((y - t) ** 2).sum(dim=1).mean()",
  "mean-squared-error": "F.mse_loss(y, t)",
  "binary-cross-entropy": "F.binary_cross_entropy_with_logits(y, t)",
  "categorical-cross-entropy": "F.cross_entropy(y, t)",
};

/** A script that trains the same network with the same numbers. */
export function toPyTorch(spec: Spec, rate: number): string {
  const logits = spec.loss.endsWith("cross-entropy");
  const modules: string[] = [];
  const copies: string[] = [];
  spec.layers.forEach((layer, k) => {
    const [units, below] = [layer.weights.length, layer.weights[0]!.length];
    const isShared = layer.biases.length === 1 && units > 1;
    copies.push(`    model[${modules.length}].weight.copy_(torch.tensor(${rows(layer.weights)}))`);
    modules.push(`nn.Linear(${below}, ${units}, bias=${layer.biases.length && !isShared ? "True" : "False"})`);
    if (isShared) modules.push("SharedBias()");
    if (layer.biases.length) {
      const bias = `model[${modules.length - 1}].bias`;
      copies.push(`    ${bias}.copy_(torch.tensor(${row(layer.biases)}))`);
      if (!layer.train_biases) copies.push(`    ${bias}.requires_grad_(False)`);
    }
    const last = k === spec.layers.length - 1;
    if (layer.activation === "softmax" && !logits) modules.push("nn.Softmax(dim=1)");
    else if (MODULES[layer.activation] && !(last && logits)) modules.push(MODULES[layer.activation]!);
  });
  const settings = OPTIMIZERS[spec.optimizer]!.settings.map(({ name, value }) => spec.settings?.[name] ?? value);
  const penalty = spec.l2 ? ` + ${spec.l2} / 2 * sum(p.square().sum() for n, p in model.named_parameters() if n.endswith("weight"))` : "";
  return `import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
RATE, UPDATES = ${rate}, 100

x = torch.tensor(${rows(spec.inputs)})
t = torch.tensor(${rows(spec.targets)})
${modules.includes("SharedBias()") ? SHARED_BIAS : ""}
model = nn.Sequential(
${modules.map((one) => `    ${one},`).join("\n")}
)
with torch.no_grad():
${copies.join("\n")}

optimizer = torch.optim.${CALLS[spec.optimizer]!(...settings)}
for update in range(UPDATES):
    y = model(x)
    loss = ${LOSSES[spec.loss]}${penalty}
    print(update, loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
`;
}

const SHARED_BIAS = `

class SharedBias(nn.Module):
    """One bias for all units of a layer."""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, z):
        return z + self.bias

`;
