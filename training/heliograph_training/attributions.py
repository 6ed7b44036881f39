"""Reference attributions of one class logit, by Captum wherever Captum has the method.

Everything takes an image batch (1, 3, H, W) and returns numpy arrays without the batch axis. Signed values
are kept: no absolute value, no normalisation, unless the name says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import (
    InputXGradient,
    IntegratedGradients,
    LayerAttribution,
    LayerGradCam,
    Occlusion,
    Saliency,
)
from numpy.typing import NDArray
from torch import Tensor, nn

Array = NDArray[np.float64]


def _numpy(tensor: Tensor) -> Array:
    return tensor.detach().double().numpy()


def _leaf(x: Tensor) -> Tensor:
    """Return a copy that records gradients: Captum warns when it has to switch that on itself."""
    return x.detach().clone().requires_grad_()


def gradient(net: nn.Module, x: Tensor, target: int) -> Array:
    """Return ∂logit/∂x (3, H, W) (Simonyan et al. 2014, signed)."""
    return _numpy(Saliency(net).attribute(_leaf(x), target=target, abs=False))[0]


def input_times_gradient(net: nn.Module, x: Tensor, target: int) -> Array:
    """Return x ⊙ ∂logit/∂x (3, H, W) (Shrikumar et al. 2016)."""
    return _numpy(InputXGradient(net).attribute(_leaf(x), target=target))[0]


def parameter_gradients(net: nn.Module, x: Tensor, target: int) -> dict[str, Array]:
    """Return ∂logit/∂θ for every trainable parameter, by its name, in its own shape."""
    names, values = zip(*net.named_parameters(), strict=True)
    gradients = torch.autograd.grad(net(x)[0, target], values)
    return {name: _numpy(g) for name, g in zip(names, gradients, strict=True)}


def integrated_gradients(net: nn.Module, x: Tensor, target: int, steps: int) -> tuple[Array, float]:
    """Integrate gradients on the straight line from the zero image, right Riemann sum (Sundararajan et al. 2017).

    Returns:
        The attribution (3, H, W) and Captum's convergence delta: Σ attribution − (logit(x) − logit(0)).
    """
    attribution, delta = IntegratedGradients(net).attribute(
        x,
        baselines=torch.zeros_like(x),
        target=target,
        n_steps=steps,
        method="riemann_right",
        return_convergence_delta=True,
    )
    return _numpy(attribution)[0], float(delta)


def smoothgrad(net: nn.Module, x: Tensor, target: int, noise: Tensor) -> Array:
    """Return the mean gradient (3, H, W) over the images x + noise[k] (Smilkov et al. 2017).

    Written out instead of Captum's NoiseTunnel, which draws its noise itself and keeps it.

    Args:
        net: classifier.
        x: image (1, 3, H, W).
        target: class index.
        noise: one offset image per sample (K, 3, H, W), in the units of x.
    """
    return np.mean([gradient(net, x + sample, target) for sample in noise.unsqueeze(1)], axis=0)


@dataclass(frozen=True)
class GradCam:
    """Grad-CAM (Selvaraju et al. 2017) at one layer: maps (h, w) of the layer and (H, W) of the image.

    Upsampling is bilinear with ``align_corners`` false, after the ReLU where there is one.
    """

    raw: Array
    relu: Array
    raw_upsampled: Array
    relu_upsampled: Array


def gradcam(net: nn.Module, layer: nn.Module, x: Tensor, target: int) -> GradCam:
    """Return Σ_c mean_positions(∂logit/∂A_c) · A_c at ``layer``, as it is and clipped at zero."""
    size = (x.shape[2], x.shape[3])
    explainer = LayerGradCam(net, layer)
    raw, relu = (explainer.attribute(x, target=target, relu_attributions=flag) for flag in (False, True))
    assert isinstance(raw, Tensor)
    assert isinstance(relu, Tensor)
    grown = [LayerAttribution.interpolate(m, size, interpolate_mode="bilinear") for m in (raw, relu)]
    return GradCam(*(_numpy(m)[0, 0] for m in (raw, relu, *grown)))


def occlusion(net: nn.Module, x: Tensor, target: int, window: int, stride: int) -> Array:
    """Slide a zero square over the image (Zeiler & Fergus 2014); returns the mean logit drop (3, H, W) at each pixel.

    A pixel's value is the mean, over the squares that cover it, of logit(x) − logit(x with the square zeroed).
    All channels are covered at once, so the three planes are equal.
    """
    explainer = Occlusion(net)
    return _numpy(
        explainer.attribute(
            x,
            (3, window, window),
            strides=(3, stride, stride),
            baselines=0,
            target=target,
            perturbations_per_eval=16,
        )
    )[0]
