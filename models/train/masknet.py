"""The mask-state network: a small residual CNN on 96x96 head crops."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SIDE = 96
LABELS = ("worn", "incorrect", "absent", "unknown")
WORN, INCORRECT, ABSENT, UNKNOWN = range(4)
MEAN, SPREAD = 0.45, 0.25


class Block(nn.Module):
    """Two 3x3 convolutions with a shortcut; the first may halve the picture."""

    def __init__(self, into: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(into, out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(inplace=True),
        )
        self.second = nn.Sequential(nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out))
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or into != out:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride), nn.Conv2d(into, out, 1, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, x: Tensor) -> Tensor:
        """One residual step."""
        return torch.relu(self.second(self.first(x)) + self.shortcut(x))


class MaskNet(nn.Module):
    """Logits of worn, incorrect, absent, unknown for RGB 0..1 crops."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 20, 3, 2, 1, bias=False),
            nn.BatchNorm2d(20),
            nn.ReLU(inplace=True),
            Block(20, 32, 2),
            Block(32, 64, 2),
            Block(64, 96, 2),
            Block(96, 112),
        )
        self.drop = nn.Dropout(0.15)
        self.answer = nn.Linear(112 * 2, len(LABELS))

    def forward(self, x: Tensor) -> Tensor:
        """Logits; normalisation is part of the network."""
        x = self.body((x - MEAN) / SPREAD)
        pooled = torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1)
        return self.answer(self.drop(pooled))


class Calibrated(nn.Module):
    """The shipped graph: probabilities after dividing the logits by a temperature."""

    def __init__(self, network: MaskNet, temperature: float) -> None:
        super().__init__()
        self.network, self.temperature = network, temperature

    def forward(self, x: Tensor) -> Tensor:
        """Probabilities of the four labels."""
        return torch.softmax(self.network(x) / self.temperature, dim=1)
