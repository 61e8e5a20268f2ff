"""The models of a world, with invented prices."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["MODELS", "ODD_MODELS", "Model"]


class Model(NamedTuple):
    """A model and its price in credits per million tokens, which is micro-credits per token."""

    id: str
    input_rate: int
    output_rate: int


MODELS = (
    Model("amazon.nova-lite-v1:0", 1, 2),
    Model("amazon.nova-pro-v1:0", 2, 8),
    Model("amazon.titan-text-express-v1", 1, 3),
    Model("anthropic.claude-3-5-haiku-20241022-v1:0", 1, 4),
    Model("anthropic.claude-3-5-sonnet-20240620-v1:0", 3, 15),
    Model("anthropic.claude-3-haiku-20240307-v1:0", 1, 2),
    Model("anthropic.claude-3-opus-20240229-v1:0", 15, 75),
    Model("cohere.command-r-plus-v1:0", 3, 15),
    Model("meta.llama3-1-70b-instruct-v1:0", 1, 1),
    Model("mistral.mistral-large-2402-v1:0", 4, 12),
)

ODD_MODELS = (
    "anthropic.claude-3-5-sonnet-20240620-v1:0",
    "a<b>&c",
    "模型-7ж-😀",
    'quote"back\\slash/new\nline, comma',
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.meta.llama3-1-8b-instruct-v1:0",
    " ",
    "",
    "m" * 255,
)
"""Model ids that need care in JSON, HTML, CSV or a URL, for their script or for their length."""
