"""A training step of the transformer of README.md in PyTorch: peer.py FOLDER THREADS STEPS; figures on stdout as JSON."""
import json
import math
import sys
import time

import numpy
import torch
from torch import nn
from torch.nn import functional as F

folder, threads, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
spec = json.load(open(f"{folder}/spec.json"))
sizes, adamw = spec["sizes"], spec["adamw"]


class Attention(nn.Module):
    def __init__(self, width, heads, time):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.register_buffer("later", torch.ones(time, time, dtype=torch.bool).triu(1))

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = (y.view(b, t, self.heads, d // self.heads).transpose(1, 2) for y in self.qkv(x).split(d, dim=2))
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = (q @ k.transpose(2, 3)) * (1 / math.sqrt(d // self.heads))
            y = F.softmax(scores.masked_fill(self.later, -math.inf), dim=3) @ v
        return self.out(y.transpose(1, 2).reshape(b, t, d))


class Block(nn.Module):
    def __init__(self, width, heads, hidden, time):
        super().__init__()
        self.norm_a = nn.LayerNorm(width)
        self.attention = Attention(width, heads, time)
        self.norm_b = nn.LayerNorm(width)
        self.wide = nn.Linear(width, hidden)
        self.narrow = nn.Linear(hidden, width)

    def forward(self, x):
        x = x + self.attention(self.norm_a(x))
        return x + self.narrow(F.gelu(self.wide(self.norm_b(x)), approximate="tanh"))


class Transformer(nn.Module):
    def __init__(self, width, layers, heads, hidden, time, vocabulary, **_):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.places = nn.Parameter(torch.zeros(time, width))
        self.blocks = nn.ModuleList([Block(width, heads, hidden, time) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, tokens):
        x = self.tokens(tokens) + self.places
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def load(model):
    """The first weights; linear layers are stored [inputs, outputs], as PyTorch does not."""
    raw = numpy.fromfile(f"{folder}/weights.f32", dtype=numpy.float32)
    at, given = 0, {}
    for name, (rows, columns) in spec["weights"].items():
        given[name] = torch.from_numpy(raw[at : at + rows * columns].reshape(rows, columns))
        at += rows * columns
    assert at == raw.size

    def norm(layer, name):
        layer.weight.copy_(given[name][0])
        layer.bias.copy_(given[f"{name}_bias"][0])

    def linear(layer, *names):
        layer.weight.copy_(torch.cat([given[name].T for name in names]))
        layer.bias.copy_(torch.cat([given[f"{name}_bias"][0] for name in names]))

    with torch.no_grad():
        model.tokens.weight.copy_(given["tokens"])
        model.places.copy_(given["places"])
        for i, block in enumerate(model.blocks):
            norm(block.norm_a, f"block{i}_attention_norm")
            linear(block.attention.qkv, *(f"block{i}_{part}" for part in ("query", "key", "value")))
            linear(block.attention.out, f"block{i}_out")
            norm(block.norm_b, f"block{i}_feed_norm")
            linear(block.wide, f"block{i}_up")
            linear(block.narrow, f"block{i}_down")
        norm(model.norm, "norm")
        linear(model.head, "head")


model = Transformer(**sizes)
load(model)
optimiser = torch.optim.AdamW(
    model.parameters(),
    lr=adamw["rate"],
    betas=(adamw["beta1"], adamw["beta2"]),
    eps=adamw["epsilon"],
    weight_decay=adamw["weightDecay"],
)
batches = torch.from_numpy(numpy.fromfile(f"{folder}/tokens.u8", dtype=numpy.uint8).astype(numpy.int64))
batches = batches.view(-1, sizes["batch"], sizes["time"] + 1)

losses, seconds = [], []
for step in range(steps):
    start = time.perf_counter()
    batch = batches[step % len(batches)]
    logits = model(batch[:, :-1])
    loss = F.cross_entropy(logits.reshape(-1, sizes["vocabulary"]), batch[:, 1:].reshape(-1))
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    losses.append(loss.item())
    seconds.append(time.perf_counter() - start)
print(json.dumps({"secondsPerStep": min(seconds), "losses": losses, "version": torch.__version__}))
