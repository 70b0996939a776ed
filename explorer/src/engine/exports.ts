/** A network as TOML, as JSON and as PyTorch code. */

import type { Spec } from "./network";

export function toToml(spec: Spec): string {
  const lines = [`name = ${JSON.stringify(spec.name)}`];
  if (spec.title) lines.push(`title = ${JSON.stringify(spec.title)}`);
  lines.push(`loss = "${spec.loss}"`, `optimizer = "${spec.optimizer}"`);
  lines.push(`inputs = ${rows(spec.inputs)}`, `targets = ${rows(spec.targets)}`);
  for (const layer of spec.layers) {
    lines.push("", "[[layers]]", `activation = "${layer.activation}"`, `weights = ${rows(layer.weights)}`);
    if (layer.biases.length === 1) lines.push(`bias = ${real(layer.biases[0]!)}`);
    else if (layer.biases.length) lines.push(`biases = ${row(layer.biases)}`);
    if (!layer.train_biases) lines.push("train_biases = false");
  }
  return `${lines.join("\n")}\n`;
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
const OPTIMIZERS: Record<string, string> = {
  sgd: "torch.optim.SGD(model.parameters(), lr=RATE)",
  momentum: "torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9)",
  adam: "torch.optim.Adam(model.parameters(), lr=RATE)",
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
    const index = modules.length;
    const bias = layer.biases.length > 0;
    modules.push(`nn.Linear(${below}, ${units}, bias=${bias ? "True" : "False"})`);
    copies.push(`    model[${index}].weight.copy_(torch.tensor(${rows(layer.weights)}))`);
    if (bias) {
      const all = layer.biases.length === 1 ? layer.weights.map(() => layer.biases[0]!) : layer.biases;
      copies.push(`    model[${index}].bias.copy_(torch.tensor(${row(all)}))`);
      if (!layer.train_biases) copies.push(`    model[${index}].bias.requires_grad_(False)`);
    }
    const last = k === spec.layers.length - 1;
    if (layer.activation === "softmax" && !logits) modules.push("nn.Softmax(dim=1)");
    else if (MODULES[layer.activation] && !(last && logits)) modules.push(MODULES[layer.activation]!);
  });
  const shared = spec.layers.some((layer) =>
    layer.biases.length === 1 && layer.weights.length > 1 && layer.train_biases);
  return `import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
RATE, UPDATES = ${rate}, 100
${shared ? "# The bias that all units of a layer share is one for each unit here: its copies are trained apart.\n" : ""}
x = torch.tensor(${rows(spec.inputs)})
t = torch.tensor(${rows(spec.targets)})

model = nn.Sequential(
${modules.map((one) => `    ${one},`).join("\n")}
)
with torch.no_grad():
${copies.join("\n")}

optimizer = ${OPTIMIZERS[spec.optimizer]}
for update in range(UPDATES):
    y = model(x)
    loss = ${LOSSES[spec.loss]}
    print(update, loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
`;
}
