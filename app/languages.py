"""The site's languages as the running application uses them; `app.messages` compiles them."""

from functools import cached_property
from pathlib import Path

from flask_babel import Babel, Domain

TRANSLATIONS = Path(__file__).resolve().parent / "translations"
DOMAIN = "xueshi"
LOCALES = ("zh_CN", "en")


class Languages(Babel):  # type: ignore[misc]
    """Babel with one domain kept for the life of the process, not read again for each request."""

    @cached_property
    def domain_instance(self) -> Domain:
        """The site's one domain."""
        return Domain(translation_directories=[str(TRANSLATIONS)], domain=DOMAIN)
