"""The public API for adapters: how to support a web framework.

``docs/adapters.md`` builds an adapter for another framework with it. An adapter provides the path,
the view with the layers of its decorators, and the headers of responses:

1. `read_layer` and `read_paths` read the arguments of ``CORS()``, ``@cors`` and a configuration.
2. `set_layer` attaches the layer of a decorator to a view, `layer_of` finds it, and `ViewLayers`
   combines the layers of a view, of its class and of its methods.
3. A `PolicyTable` returns what applies to a request (`Applied`).
4. `corswsgi.decide` decides. If an origin may have to be looked up, `decision_steps` with
   `decide_with` or `adecide_with` does.
5. `preflight_response` builds the response to a preflight; `Decision.apply` changes the headers of
   every other response, and `Reports` explains in debug mode what a page cannot do with it.
"""

from corswsgi.decision import merged_vary
from corswsgi.errors import Notice, prefixed, refuse, safe_repr, warn, wrong_type
from corswsgi.fetch import CORS_RESPONSE_HEADERS
from corswsgi.log import log_failure, logger
from corswsgi.names import OPTION_NAMES, Names
from corswsgi.origins import NO_ORIGIN, OriginPattern
from corswsgi.paths import as_wsgi
from corswsgi.policy import refusing_policy
from corswsgi.reports import Reports, log_refusal
from corswsgi.responses import PreflightResponse, preflight_response
from corswsgi.rules import is_async
from corswsgi.suggestions import corrected_origin, did_you_mean
from corswsgi.validation import DEFAULT_METHODS, OPTIONS
from corswsgi.wsgi import DECIDED_BY, DECISION

from .analysis import (
    MAX_ENUMERATED,
    AllowedOrigin,
    WideExpression,
    allowed_origins,
    enumerate_texts,
    site_of,
    wide_expressions,
)
from .answers import may_answer, sets_header
from .applications import Application
from .caches import IdentityCache
from .calls import PartsByName, read_call
from .components import entrance, pass_through
from .configs import ConfigNames, Configuration, Ignored, drop_ignored, ignored_keys
from .corsheaders import (
    FOREST,
    CorsSettings,
    choose_setter,
    cors_settings,
    describe_overrides,
    known_settings,
    read_cors_settings,
    setting_format,
    turn_off,
)
from .csrf import TrustedOrigins, missing_token_headers
from .handlers import decorate_view, noted
from .headers import HeaderMapping, add_to_mapping, apply_to_mapping, list_headers
from .keeper import TableKeeper
from .layers import (
    UNSET,
    Applied,
    Layer,
    PlacedNames,
    Reading,
    Unset,
    deep_snapshot,
    given_arguments,
    merge,
    read_layer,
    read_paths,
    read_shared,
    snapshot,
)
from .lookups import (
    Steps,
    adecide_with,
    checked_truth,
    combined_truth,
    decide_now,
    decide_with,
    decision_steps,
)
from .misuse import refuse_use
from .names import BLUEPRINT_NAMES, CallNames, DecoratorNames, SettingNames
from .notes import (
    describe_cookie,
    note_texts,
    notes,
    on_other_sites,
    view_problems,
    without_origins,
)
from .routes import Route, Row
from .routing import MethodRouter
from .settings import SettingFormat
from .table import PolicyTable, log_invalid
from .tracebacks import answer_errors, may_read_traceback
from .unreached import RegisteredView, unreached
from .values import (
    literal_prefix,
    read_expression,
    read_expressions,
    read_list,
    read_origins,
    strings,
)
from .views import (
    ATTRIBUTE,
    DECORATOR,
    NO_LAYERS,
    ViewLayers,
    class_names,
    closed_over,
    decorator_layers,
    has_layer,
    hidden_layers,
    hidden_view,
    inherited_layer,
    layer_of,
    set_layer,
    view_name,
    warn_at,
    wrapped_views,
)

__all__ = [
    "ATTRIBUTE",
    "BLUEPRINT_NAMES",
    "CORS_RESPONSE_HEADERS",
    "DECIDED_BY",
    "DECISION",
    "DECORATOR",
    "DEFAULT_METHODS",
    "FOREST",
    "MAX_ENUMERATED",
    "NO_LAYERS",
    "NO_ORIGIN",
    "OPTIONS",
    "OPTION_NAMES",
    "UNSET",
    "AllowedOrigin",
    "Application",
    "Applied",
    "CallNames",
    "ConfigNames",
    "Configuration",
    "CorsSettings",
    "DecoratorNames",
    "HeaderMapping",
    "IdentityCache",
    "Ignored",
    "Layer",
    "MethodRouter",
    "Names",
    "Notice",
    "OriginPattern",
    "PartsByName",
    "PlacedNames",
    "PolicyTable",
    "PreflightResponse",
    "Reading",
    "RegisteredView",
    "Reports",
    "Route",
    "Row",
    "SettingFormat",
    "SettingNames",
    "Steps",
    "TableKeeper",
    "TrustedOrigins",
    "Unset",
    "ViewLayers",
    "WideExpression",
    "add_to_mapping",
    "adecide_with",
    "allowed_origins",
    "answer_errors",
    "apply_to_mapping",
    "as_wsgi",
    "checked_truth",
    "choose_setter",
    "class_names",
    "closed_over",
    "combined_truth",
    "corrected_origin",
    "cors_settings",
    "decide_now",
    "decide_with",
    "decision_steps",
    "decorate_view",
    "decorator_layers",
    "deep_snapshot",
    "describe_cookie",
    "describe_overrides",
    "did_you_mean",
    "drop_ignored",
    "entrance",
    "enumerate_texts",
    "given_arguments",
    "has_layer",
    "hidden_layers",
    "hidden_view",
    "ignored_keys",
    "inherited_layer",
    "is_async",
    "known_settings",
    "layer_of",
    "list_headers",
    "literal_prefix",
    "log_failure",
    "log_invalid",
    "log_refusal",
    "logger",
    "may_answer",
    "may_read_traceback",
    "merge",
    "merged_vary",
    "missing_token_headers",
    "note_texts",
    "noted",
    "notes",
    "on_other_sites",
    "pass_through",
    "prefixed",
    "preflight_response",
    "read_call",
    "read_cors_settings",
    "read_expression",
    "read_expressions",
    "read_layer",
    "read_list",
    "read_origins",
    "read_paths",
    "read_shared",
    "refuse",
    "refuse_use",
    "refusing_policy",
    "safe_repr",
    "set_layer",
    "sets_header",
    "setting_format",
    "site_of",
    "snapshot",
    "strings",
    "turn_off",
    "unreached",
    "view_name",
    "view_problems",
    "warn",
    "warn_at",
    "wide_expressions",
    "without_origins",
    "wrapped_views",
    "wrong_type",
]
