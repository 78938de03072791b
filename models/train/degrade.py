"""Makes clean photographs look like camera pictures; one random generator in, no other state."""

from __future__ import annotations

import cv2
import numpy as np

Rng = np.random.Generator


def blurred(image: np.ndarray, rng: Rng, most: float = 1.6) -> np.ndarray:
    """Defocus, or a short movement across the picture."""
    if rng.random() < 0.6:
        return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, most))
    length = int(rng.integers(3, 3 + round(3 * most)))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1.0 / length
    turn = cv2.getRotationMatrix2D(((length - 1) / 2,) * 2, rng.uniform(-35, 35), 1.0)
    kernel = cv2.warpAffine(kernel, turn, (length, length))
    return cv2.filter2D(image, -1, kernel / max(kernel.sum(), 1e-6))


def shrunk_and_back(image: np.ndarray, rng: Rng, least: float = 0.45) -> np.ndarray:
    """Loses detail as a small sensor or a scaled sub stream does."""
    height, width = image.shape[:2]
    scale = rng.uniform(least, 0.95)
    small = cv2.resize(
        image,
        (max(8, int(width * scale)), max(8, int(height * scale))),
        interpolation=cv2.INTER_AREA,
    )
    method = cv2.INTER_LINEAR if rng.random() < 0.7 else cv2.INTER_CUBIC
    return cv2.resize(small, (width, height), interpolation=method)


def lit(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Brightness, contrast and gamma of another exposure, sometimes a dark one."""
    dark = rng.random() < 0.3
    gamma = rng.uniform(1.3, 2.4) if dark else rng.uniform(0.7, 1.4)
    gain = rng.uniform(0.5, 0.9) if dark else rng.uniform(0.8, 1.2)
    ramp = np.linspace(0, 1, 256) ** gamma * gain + rng.uniform(-0.06, 0.08)
    return cv2.LUT(image, (np.clip(ramp, 0, 1) * 255).astype(np.uint8))


def tinted(image: np.ndarray, rng: Rng) -> np.ndarray:
    """White balance and saturation of another camera."""
    gains = rng.uniform(0.85, 1.15, 3).astype(np.float32)
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    mixed = cv2.addWeighted(image, rng.uniform(0.4, 1.25), grey, 0.0, 0)
    mixed = cv2.addWeighted(mixed, 1.0, grey, max(0.0, 1.0 - rng.uniform(0.6, 1.2)), 0)
    return np.clip(mixed * gains, 0, 255).astype(np.uint8)


def infrared(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Grey night picture: mixed channels, bright middle, dark rim."""
    weights = rng.dirichlet((1.5, 2.0, 2.5)).astype(np.float32)
    grey = cv2.transform(image, weights[None])
    if rng.random() < 0.5:
        height, width = grey.shape
        ys, xs = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        fall = 1.15 - rng.uniform(0.2, 0.6) * (xs**2 + ys**2)
        grey = np.clip(grey * fall, 0, 255).astype(np.uint8)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


def noisy(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Sensor noise, the same grain repeated over the picture to stay cheap."""
    tile = rng.normal(0, rng.uniform(2, 12), (96, 96, 1 if rng.random() < 0.5 else 3))
    height, width = image.shape[:2]
    repeats = (-(-height // 96), -(-width // 96), 3 // tile.shape[2])
    grain = np.tile(tile, repeats)[:height, :width]
    return np.clip(image + grain, 0, 255).astype(np.uint8)


def compressed(image: np.ndarray, rng: Rng, worst: int = 18) -> np.ndarray:
    """Block artefacts and halved colour, as a JPEG or a tight H.264 key frame leaves them."""
    quality = int(rng.integers(worst, 80))
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR) if done else image


def like_a_camera(image: np.ndarray, rng: Rng, amount: float = 1.0) -> np.ndarray:
    """A random chain of the above; `amount` scales how often each step happens."""
    steps = (
        (lit, 0.5),
        (tinted, 0.4),
        (blurred, 0.25),
        (shrunk_and_back, 0.25),
        (infrared, 0.18),
        (noisy, 0.3),
        (compressed, 0.5),
    )
    for step, chance in steps:
        if rng.random() < chance * amount:
            image = step(image, rng)
    return image
