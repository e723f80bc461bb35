"""The portal's pages by their addresses."""

LANGUAGES = ("ko", "en")

NAMES = (
    "",
    "case",
    "receipt",
    "help",
    "help/kr",
    "safety",
    "under-18",
    "about",
    "threat-model",
    "verify",
)
"""Every page, by its address without the language; of the countries' pages one."""

PAGES = tuple(f"/{language}/{name}".rstrip("/") for language in LANGUAGES for name in NAMES)
"""Every page in every language."""
