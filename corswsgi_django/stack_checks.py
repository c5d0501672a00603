"""The checks of MIDDLEWARE: the order, and middleware that sets CORS headers, too."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Warning  # noqa: A004 - its name

from corswsgi.adapters import describe_overrides, may_answer, sets_header

from .stack import MIDDLEWARE, PEER, entries, imported, is_a

# Middleware of these modules has checks of its own, or calls the methods of subclasses.
_KNOWN = ("django.utils.deprecation", "corsheaders.middleware", "corswsgi_django.middleware")
_REDIRECTING = "django.middleware.security"


def check_stack() -> Iterator[CheckMessage]:
    """Yield W004 to W006, W029 and W031."""
    paths = entries()
    ours = [path for path in paths if is_a(path, MIDDLEWARE)]
    peers = [path for path in paths if is_a(path, PEER)]
    if peers:
        text = f"{peers[0]} is in MIDDLEWARE, too, and sets headers of its own."
        hint = f'remove {peers[0]!r} from MIDDLEWARE, and "corsheaders" from INSTALLED_APPS.'
        yield Warning(text, hint=hint, id="corswsgi.W006")
    origins = getattr(settings, "CORS_ALLOWED_ORIGINS", ())
    for path in paths:
        if path in (*ours, *peers):
            if overrides := describe_overrides(imported(path), path, _KNOWN, origins):
                yield Warning(overrides[0], hint=overrides[1], id="corswsgi.W029")
        elif sets_header(imported(path), "Access-Control-Allow-Origin"):
            text = f"{path} sets Access-Control-Allow-Origin itself, beside the settings."
            hint = f"remove {path!r} from MIDDLEWARE: the settings replace it."
            yield Warning(text, hint=hint, id="corswsgi.W031")
    if ours:
        yield from _check_above(ours[0], paths[: paths.index(ours[0])])
        return
    text = (
        f"{MIDDLEWARE} is not in MIDDLEWARE, so the settings only have an effect on views "
        "with @cors. Even there, preflights that other middleware refuses first (for example, "
        "because they carry no login) and errors outside of the view have no CORS headers."
    )
    misspelled = [path for path in paths if path.startswith("corswsgi")]
    put = f"put it first: MIDDLEWARE.insert(0, {MIDDLEWARE!r})."
    hint = f"did you mean {MIDDLEWARE!r}?" if misspelled else put
    yield Warning(text, hint=hint, id="corswsgi.W004")


def _check_above(entry: str, above: list[str]) -> Iterator[CheckMessage]:
    trusted = (*_KNOWN, *(() if settings.SECURE_SSL_REDIRECT else (_REDIRECTING,)))
    before = [path for path in above if may_answer(imported(path), trusted)]
    if before:
        names = ", ".join(path.rpartition(".")[2] for path in before)
        fix = f"MIDDLEWARE.remove({entry!r}); MIDDLEWARE.insert(0, {entry!r})"
        text = f"{entry} is below {names}, which may refuse preflights."
        text = f"{text} Redirects and errors from there have no CORS headers."
        yield Warning(text, hint=f"move it to the top: {fix}.", id="corswsgi.W005")
