"""The site's languages as the running application uses them; `app.messages` compiles them."""

from functools import cached_property
from pathlib import Path

from babel.support import NullTranslations, Translations
from flask_babel import Babel, Domain, get_locale

TRANSLATIONS = Path(__file__).resolve().parent / "translations"
DOMAIN = "xueshi"
LOCALES = ("zh_CN", "en")


class OneDomain(Domain):  # type: ignore[misc]
    """The one compiled catalogue of each language, read once in the life of the process."""

    def get_translations(self) -> NullTranslations:
        """The catalogue of the request's language.

        Babel knows zh_CN as zh_Hans_CN, which names no directory of ours.
        """
        locale = get_locale()
        name = "en" if locale is None else "_".join(filter(None, (locale.language, locale.territory)))
        if name not in self.cache:
            self.cache[name] = Translations.load(str(TRANSLATIONS), [name], DOMAIN)
        found: NullTranslations = self.cache[name]
        return found


class Languages(Babel):  # type: ignore[misc]
    """Babel whose domain lives as long as the process, not as one request."""

    @cached_property
    def domain_instance(self) -> Domain:
        """The site's one domain."""
        return OneDomain(translation_directories=[str(TRANSLATIONS)], domain=DOMAIN)
