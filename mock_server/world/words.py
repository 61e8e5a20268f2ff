"""What the vocabulary is drawn from: names, models and their prices."""

from __future__ import annotations

__all__ = ["MODELS", "ODD_NAMES", "PLACES", "TRADES"]

PLACES = (
    "Bay Area", "Blue Ridge", "Cascade", "Central Valley", "Cedar Falls", "Great Lakes", "Gulf Coast", "Harbor City",
    "High Plains", "Keystone", "Lakeview", "Lone Star", "Midwest", "New England", "North Shore", "Old Dominion",
    "Pacific", "Piedmont", "Prairie", "Queen City", "Redwood", "Rio Grande", "Summit", "Tidewater", "Twin Cities",
)  # fmt: skip

TRADES = (
    "Analytics", "Care Alliance", "Community Fund", "Credit Union", "Data Cooperative", "Education Trust",
    "Food Bank", "Health Network", "Housing Partners", "Insights Group", "Labor Council", "Media Lab", "Museum",
    "Public Library", "Public Radio", "Research Institute", "Transit Authority", "University", "Voter Project",
)  # fmt: skip

ODD_NAMES = ("R&D <Labs>", "Ça & Là «Données»", "数据研究所", "מכון המחקר", 'O\'Brien "& Sons"', "🛰 Orbit", "x" * 255)
"""Names that need care in HTML, in other scripts, or for their length."""

MODELS = (
    ("amazon.nova-lite-v1:0", 1, 2),
    ("amazon.nova-pro-v1:0", 2, 8),
    ("amazon.titan-text-express-v1", 1, 3),
    ("anthropic.claude-3-5-haiku-20241022-v1:0", 1, 4),
    ("anthropic.claude-3-5-sonnet-20240620-v1:0", 3, 15),
    ("anthropic.claude-3-haiku-20240307-v1:0", 1, 2),
    ("anthropic.claude-3-opus-20240229-v1:0", 15, 75),
    ("cohere.command-r-plus-v1:0", 3, 15),
    ("meta.llama3-1-70b-instruct-v1:0", 1, 1),
    ("mistral.mistral-large-2402-v1:0", 4, 12),
)
"""Models, with invented prices in credits per million tokens: of input, of output."""

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
"""Models whose ids need care in JSON, HTML, CSV or a URL, for their script or for their length."""

LETTERS = "abXZ09.-_:/ <>&\"'\\%+?#,;\n\t\x7fßéжקあ模\u200d\u2028\ufeff😀"
"""Characters of several scripts, and those that need care. Named one by one, since Hypothesis keeps a file in the
working directory when it draws from ranges of Unicode."""
