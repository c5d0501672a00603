"""Uses of Flask-CORS and django-cors-headers in public code, with the changes of a migration."""

from __future__ import annotations

import re
from typing import Any

from corsheaders.defaults import default_headers

FLASK: list[tuple[str, Any, str]] = [
    ("app", {"origins": "*"}, ""),
    ("app", {"origins": ["*"], "methods": ["GET", "POST"], "allow_headers": ["Content-Type"]}, ""),
    ("app", {"origins": ["*"], "supports_credentials": True}, "closed"),
    ("app", {"supports_credentials": True}, "closed"),
    ("app", {"resources": {r"/api/*": {"origins": "*"}}}, ""),
    ("app", {"resources": {r"*": {"origins": "*"}}}, ""),
    ("app", {"resources": r"/*"}, ""),
    ("app", {"resources": r"/api/*", "headers": "Content-Type"}, ""),
    ("app", {"resources": {r"/api/.*": {"origins": "*"}}}, ""),
    ("app", {"resources": {r"/.*": {"origins": "*"}}}, ""),
    ("app", {"resources": {r"/(api)/*": {"origins": "*"}}}, ""),
    (
        "app",
        {
            "resources": {
                r"/(signup|login|api/.*|ping)": {
                    "origins": ["http://localhost:3000", "http://localhost:5173"]
                }
            }
        },
        "",
    ),
    ("app", {"resources": {r"/(?!ingest).*": {}}}, ""),
    ("app", {"resources": {re.compile("/api/v1" + "/*"): {"origins": "*"}}}, ""),
    ("app", {"support_credentials": True, "resources": {r"/predict_price": {"origins": "*"}}}, ""),
    ("app", {"supports_credetials": True}, ""),
    (
        "app",
        {
            "resources": {
                r"/*": {
                    "origins": "*",
                    "methods": ["GET", "POST", "OPTIONS"],
                    "allow_headers": ["Content-Type", "Authorization"],
                    "supports_credentials": True,
                }
            }
        },
        "closed",
    ),
    ("app", {"resources": {r"/api/*": {"origins": ["*"]}}, "supports_credentials": True}, "closed"),
    ("app", {"resources": {r"/api/*": {"origins": "http://localhost:3000"}}}, ""),
    (
        "app",
        {"resources": {r"/*": {"origins": "http://localhost:5173"}}, "supports_credentials": True},
        "",
    ),
    (
        "app",
        {"resources": {r"*": {"origins": "172.30.1.100:8080"}}, "supports_credentials": True},
        "",
    ),
    ("app", {"resources": {r"/api/*": {"origins": "0.0.0.0"}}}, ""),
    ("app", {"resources": {r"/api/*": {"origins": "http://192.168.1.20:3000"}}}, ""),
    ("app", {"resources": {r"/api/*": {"origins": ["https://site1.herokuapp.com"]}}}, ""),
    (
        "app",
        {
            "origins": ["http://localhost:5173", "https://site2.vercel.app/"],
            "supports_credentials": True,
            "methods": ["GET", "POST", "OPTIONS"],
        },
        "",
    ),
    ("app", {"origins": ["http://localhost:5173"], "supports_credentials": True}, ""),
    ("app", {"origins": ["http://localhost:63342", "http://localhost:63343"]}, ""),
    ("app", {"origins": ["*"]}, ""),
    ("app", {"origins": [""]}, ""),
    ("app", {"origins": []}, ""),
    ("app", {"origins": None}, ""),
    ("app", {"resources": {r"/.*": {"origins": "None"}}}, ""),
    ("app", {"origins": "*", "methods": "*", "allow_headers": "*"}, "opened"),
    ("app", {"origins": ["https://*.vercel.app", "https://site3.example"]}, "opened"),
    ("app", {"origins": [r"http://localhost:\d+", r"http://127\.0\.0\.1:\d+"]}, ""),
    (
        "app",
        {
            "origins": [r"https://.*\.run\.app", "http://localhost:3000", "http://localhost:5173"],
            "supports_credentials": True,
        },
        "",
    ),
    (
        "app",
        {
            "origins": [
                r"http://localhost(:\d+)?",
                r"http://127\.0\.0\.1(:\d+)?",
                r"https?://.*\.localhost(:\d+)?",
            ]
        },
        "closed",
    ),
    ("app", {"origins": re.compile(r"^http://(localhost|127\.0\.0\.1)(:\d+)?$")}, ""),
    ("app", {"origins": re.compile(r"http://(10\.42\.0|192\.168\.\d+)\.\d+.*")}, ""),
    (
        "app",
        {
            "origins": [r"https://app.site4.example", r"http://localhost:8080"],
            "supports_credentials": True,
        },
        "",
    ),
    (
        "app",
        {
            "origins": ["http://localhost:3000"],
            "allow_headers": ["Content-Type", "Accept", "Cookie"],
            "supports_credentials": True,
            "expose_headers": ["Content-Type", "Authorization", "Set-Cookie"],
            "allow_credentials": True,
        },
        "",
    ),
    (
        "app",
        {
            "allow_headers": [
                "Content-Type",
                "Access-Control-Allow-Origin",
                "Access-Control-Allow-Headers",
                "Access-Control-Allow-Methods",
            ]
        },
        "",
    ),
    ("app", {"allow_headers": ["Content-Type", "Authorization"]}, ""),
    ("app", {"allow_methods": ["*"], "origins": ["https://example.com"]}, ""),
    ("app", {"headers": ["Content-Type", "Authorization"]}, ""),
    ("app", {"allow_headers": "Content-Type", "CORS_SEND_WILDCARD": True}, ""),
    ("app", {"send_wildcard": True}, ""),
    (
        "app",
        {"vary_header": True, "origins": ["https://app.example.com"], "supports_credentials": True},
        "",
    ),
    ("app", {"expose_headers": "Access-Control-Allow-Origin"}, ""),
    ("app", {"expose_headers": ["api_key"]}, ""),
    ("app", {"methods": ["DELETE"]}, "opened"),
    ("app", {"max_age": 3600}, ""),
    (
        "app",
        {
            "origins": "http://localhost:5000",
            "resources": {r"/api/*": {"origins": "*"}},
            "allow_headers": ["Content-Type", "Authorization", "Access-Control-Allow-Credentials"],
            "supports_credentials": True,
            "intercept_exceptions": False,
        },
        "closed",
    ),
    (
        "app",
        {
            "origins": ["http://192.168.1.21:3001", "http://localhost:3001"],
            "supports_credentials": True,
        },
        "lost",
    ),
    ("app", {"resources": {r"/admin/api/*": {"origins": ["https://admin.example.com"]}}}, ""),
    ("config", {"config": {"CORS_HEADERS": "Content-Type"}, "app": {}}, ""),
    (
        "config",
        {
            "config_after": {"CORS_HEADERS": "Content-Type"},
            "app": {"supports_credentials": True, "origins": ["http://localhost:3000"]},
        },
        "",
    ),
    (
        "config",
        {
            "config_after": {"CORS_SUPPORTS_CREDENTIALS": True, "supports_credentials": True},
            "app": {"resources": {r"/*": {"origins": "*"}}},
        },
        "",
    ),
    (
        "config",
        {
            "config": {"CORS_ORIGINS": ["http://localhost:5173", "http://localhost:3000"]},
            "app": {
                "resources": {
                    r"/api/*": {"origins": ["http://localhost:5173", "http://localhost:3000"]}
                }
            },
        },
        "",
    ),
    (
        "config",
        {
            "config": {"CORS_ORIGINS": "http://localhost:5173,http://localhost:3000"},
            "app": {"origins": ["http://localhost:5173", "http://localhost:3000"]},
        },
        "",
    ),
    (
        "config",
        {"config": {"CORS_ORIGINS": []}, "app": {"resources": {r"/api/*": {"origins": []}}}},
        "",
    ),
    ("config", {"config": {"CORS_ENABLED": True}, "app": {}}, ""),
    (
        "config",
        {
            "config_after": {
                "CORS_ALLOW_ORIGINS": "*",
                "CORS_ALLOW_HEADERS": ["Content-Type", "Authorization"],
                "CORS_ALLOW_METHODS": ["GET", "POST", "PUT", "DELETE"],
            },
            "app": {"allow_headers": ["Content-Type"]},
        },
        "",
    ),
    (
        "config",
        {
            "config": {
                "CORS_ORIGINS": "*",
                "CORS_METHODS": "GET,POST,PUT,DELETE,OPTIONS",
                "CORS_ALLOW_HEADERS": "Content-Type,Authorization",
                "CORS_SUPPORTS_CREDENTIALS": "false",
            },
            "app": {},
        },
        "closed opened",
    ),
    (
        "config",
        {
            "config_after": {"CORS_SUPPORTS_CREDENTIALS": True, "CORS_AUTOMATIC_OPTIONS": True},
            "app": {"origins": ["http://localhost:3000"]},
        },
        "",
    ),
    ("app2", [{"resources": {r"/master/.*": {"origins": ["192.168.100.10"]}}}, {}], ""),
    ("app2", [{"resources": {r"/*": {"origins": "*"}}}, {"expose_headers": "Authorization"}], ""),
    (
        "app2",
        [
            {"supports_credentials": True, "origins": ["http://localhost:5173"]},
            {
                "resources": {
                    r"/api/*": {
                        "origins": ["https://site7.netlify.app", "http://localhost:5173"],
                        "methods": ["GET", "POST", "PUT", "DELETE"],
                        "allow_headers": ["Content-Type", "Authorization"],
                    }
                }
            },
        ],
        "",
    ),
    ("bp", {}, ""),
    ("bp", {"resources": {r"*": {"origins": "*"}}}, ""),
    ("bp", {"resources": {r"/api/*": {"origins": "*"}}}, ""),
    ("view", {}, ""),
    ("view", {"origin": "*"}, ""),
    (
        "view",
        {
            "origin": "http://localhost:5173",
            "methods": ["POST", "OPTIONS"],
            "supports_credentials": True,
        },
        "closed",
    ),
    ("view", {"origins": ["https://www.site8.example"]}, ""),
    ("view", {"origins": ["*"], "allow_headers": ["Content-Type", "Authorization"]}, ""),
    ("view", {"supports_credentials": True}, "closed"),
    (
        "app+view",
        {"app": {"supports_credentials": True, "origins": ["http://localhost:3000"]}, "view": {}},
        "",
    ),
    ("view", {"headers": ["Content-Type", "Authorization"]}, ""),
    ("view", {"allow_headers": ["Content-Type"]}, ""),
    ("view", {"methods": ["GET"]}, ""),
    ("methodview", {}, ""),
    (
        "app",
        {
            "resources": {
                r"/message": {
                    "origins": ["http://localhost:5173", "*"],
                    "methods": ["POST"],
                    "allow_headers": ["Content-Type"],
                }
            }
        },
        "opened",
    ),
    ("app", {"resources": {r"/api*": {"origins": r"https?://([^.]+\.)?site23\.com"}}}, "closed"),
]
"""How it is used, the arguments, and the changes."""

DJANGO: list[tuple[dict[str, Any], str]] = [
    (
        {
            "CORS_ALLOWED_ORIGINS": ["https://site9.herokuapp.com", "http://localhost:3000"],
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_ALLOW_HEADERS": [
                "accept",
                "accept-encoding",
                "authorization",
                "content-type",
                "dnt",
                "origin",
                "user-agent",
                "x-csrftoken",
                "x-requested-with",
            ],
        },
        "",
    ),
    (
        {
            "CORS_ALLOWED_ORIGINS": [
                "https://site10.vercel.app",
                "http://localhost:3000",
                "http://127.0.0.1:3000",
            ],
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_ALLOW_ALL_ORIGINS": False,
            "CORS_ALLOW_HEADERS": [
                "accept",
                "accept-encoding",
                "authorization",
                "content-type",
                "dnt",
                "origin",
                "user-agent",
                "x-csrftoken",
                "x-requested-with",
            ],
        },
        "",
    ),
    ({"CORS_ALLOW_ALL_ORIGINS": True}, ""),
    ({"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True}, "closed"),
    (
        {
            "CORS_ALLOW_ALL_ORIGINS": True,
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_ALLOW_HEADERS": [
                "accept",
                "accept-encoding",
                "authorization",
                "content-type",
                "dnt",
                "origin",
                "user-agent",
                "x-csrftoken",
                "x-requested-with",
            ],
        },
        "closed",
    ),
    (
        {
            "CORS_ALLOWED_ORIGINS": ["http://localhost:3001", "http://192.168.1.21:3001"],
            "CORS_ALLOW_CREDENTIALS": True,
        },
        "lost",
    ),
    (
        {
            "CORS_ALLOW_ALL_ORIGINS": True,
            "CORS_ALLOW_METHODS": ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"],
            "CORS_ALLOW_HEADERS": [
                "accept",
                "accept-encoding",
                "authorization",
                "content-type",
                "accept-language",
                "dnt",
                "origin",
                "user-agent",
                "x-csrftoken",
                "x-requested-with",
            ],
            "CORS_ALLOWED_ORIGIN_REGEXES": [
                r"^http://127\.0\.0\.1(:\d+)?$",
                r"^http://localhost(:\d+)?$",
            ],
        },
        "",
    ),
    (
        {
            "CORS_ALLOW_ALL_ORIGINS": True,
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_ALLOWED_ORIGINS": ["http://localhost:8000"],
            "CORS_ALLOWED_ORIGIN_REGEXES": ["http://localhost:8000"],
        },
        "closed",
    ),
    (
        {
            "CORS_ALLOWED_ORIGINS": ["http://127.0.0.1:8000"],
            "CORS_ORIGIN_WHITELIST": ["http://localhost", "http://127.0.0.1"],
            "CORS_ALLOW_METHODS": ["GET", "OPTIONS", "POST"],
            "CORS_ALLOW_HEADERS": [
                "accept",
                "accept-encoding",
                "authorization",
                "content-type",
                "dnt",
                "origin",
                "user-agent",
                "x-csrftoken",
                "x-requested-with",
            ],
        },
        "",
    ),
    (
        {
            "CORS_ORIGIN_WHITELIST": ["http://localhost:3000"],
            "CORS_ALLOW_METHODS": ["GET", "OPTIONS"],
            "CORS_ALLOW_HEADERS": [
                "accept",
                "accept-encoding",
                "authorization",
                "content-type",
                "dnt",
                "origin",
                "user-agent",
                "x-csrftoken",
                "x-requested-with",
            ],
        },
        "",
    ),
    ({"CORS_ORIGIN_WHITELIST": ("localhost:3000",), "CORS_URLS_REGEX": r"^/api/.*$"}, ""),
    (
        {"CORS_ORIGIN_WHITELIST": ("localhost:8080", "localhost:8081", "app.kaist.site12.example")},
        "closed",
    ),
    ({"CORS_ORIGIN_WHITELIST": ["localhost"]}, "closed"),
    (
        {
            "CORS_ORIGIN_WHITELIST": ("*",),
            "CORS_ORIGIN_ALLOW_ALL": True,
            "CORS_ALLOW_CREDENTIALS": True,
        },
        "closed",
    ),
    (
        {
            "CORS_ORIGIN_WHITELIST": [""],
            "CORS_ALLOW_ORIGINS_ALL": True,
            "CORS_ALLOW_CREDENTIALS": True,
        },
        "closed",
    ),
    ({"CORS_ORIGIN_WHITELIST": (), "CORS_REPLACE_HTTPS_REFERER": True}, ""),
    (
        {
            "CORS_ALLOWED_ORIGINS": ["http://localhost:5173", "http://localhost:8000"],
            "CORS_ALLOW_HEADERS": [
                "accept",
                "accept-encoding",
                "authorization",
                "content-type",
                "dnt",
                "origin",
                "user-agent",
                "x-csrftoken",
                "x-requested-with",
            ],
            "CORS_ALLOW_METHODS": ["POST", "GET", "OPTIONS", "PUT", "DELETE"],
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_REPLACE_HTTPS_REFERER": True,
        },
        "",
    ),
    (
        {
            "CORS_ORIGIN_WHITELIST": [],
            "CORS_ORIGIN_ALLOW_ALL": False,
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_ALLOW_INSECURE": False,
            "CORS_ALLOW_HEADERS": (*default_headers, "use-jwt-cookie"),
        },
        "",
    ),
    (
        {
            "CORS_ORIGIN_WHITELIST": ("http://cos.site18", "http://st1.cos.site18"),
            "CORS_ALLOWED_ORIGINS": ["http://cos.site18", "http://st1.cos.site18"],
            "CORS_ALLOW_METHODS": ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"],
            "CORS_ALLOW_CREDENTIALS": True,
        },
        "lost",
    ),
    (
        {
            "CORS_ORIGIN_WHITELIST": (
                "http://127.0.0.1:8080",
                "http://localhost:8080",
                "http://sich.site13.example",
            )
        },
        "",
    ),
    (
        {
            "CORS_ORIGIN_ALLOW_ALL": True,
            "CORS_ORIGIN_WHITELIST": ("127.0.0.1:8080", "localhost:8080"),
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_ALLOW_METHODS": ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT", "VIEW"),
            "CORS_ALLOW_HEADERS": (
                "XMLHttpRequest",
                "X_FILENAME",
                "accept-encoding",
                "authorization",
                "content-type",
                "dnt",
                "origin",
                "user-agent",
                "x-csrftoken",
                "x-requested-with",
                "Pragma",
            ),
        },
        "closed",
    ),
    (
        {
            "CORS_ORIGIN_ALLOW_ALL": True,
            "CORS_ALLOW_HEADERS": [
                "accept",
                "accept-encoding",
                "authorization",
                "content-type",
                "dnt",
                "origin",
                "user-agent",
                "x-csrftoken",
                "x-requested-with",
                "*",
            ],
            "CORS_ALLOW_METHODS": ["GET", "PUT", "OPTIONS", "PATCH", "POST", "*"],
            "CORS_ORIGIN_WHITELIST": [
                "http://localhost:80",
                "http://localhost:3000",
                "http://127.0.0.1:3000",
                "http://203.0.113.7",
            ],
        },
        "",
    ),
    (
        {
            "CORS_ALLOWED_ORIGINS": ["http://localhost:3000"],
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_ALLOW_HEADERS": ["*"],
            "CORS_ALLOW_METHODS": ["*"],
            "CORS_EXPOSE_HEADERS": ["Content-Type", "X-CSRFToken"],
        },
        "opened",
    ),
    ({"CORS_ALLOWED_ORIGINS": ["http://localhost:3000", " http://127.0.0.1:3000"]}, ""),
    ({"CORS_ALLOWED_ORIGINS": [], "CORS_ALLOW_CREDENTIALS": True}, ""),
    ({"CORS_ALLOWED_ORIGINS": ["https://site14.example"]}, ""),
    ({"CORS_ALLOWED_ORIGINS": ["*"]}, "closed"),
    (
        {
            "CORS_ALLOW_ALL_ORIGINS": False,
            "CORS_ALLOWED_ORIGINS": ["http://localhost:3000"],
            "CORS_URLS_REGEX": "",
        },
        "",
    ),
    (
        {
            "CORS_ALLOWED_ORIGINS": ["https://site15.vercel.app", "https://*.vercel.app"],
            "CORS_ALLOW_CREDENTIALS": True,
        },
        "",
    ),
    (
        {
            "CORS_ALLOWED_ORIGIN_REGEXES": [
                r"^https://.*\.ngrok-free\.app$",
                r"^https://.*\.ngrok\.io$",
            ],
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_ALLOWED_ORIGINS": ["http://localhost:5173"],
        },
        "",
    ),
    (
        {
            "CORS_ALLOWED_ORIGINS": ["http://localhost:5173"],
            "CORS_ALLOWED_ORIGIN_REGEXES": [
                r"^https://site19-[a-z0-9]+-team-projects\.vercel\.app$"
            ],
            "CORS_ALLOW_CREDENTIALS": True,
        },
        "",
    ),
    (
        {
            "CORS_ORIGIN_REGEX_WHITELIST": [r"site21\.com"],
            "CORS_ALLOWED_ORIGINS": [],
            "CORS_ALLOW_HEADERS": [*default_headers, "x-authorization"],
        },
        "",
    ),
    (
        {
            "CORS_URLS_REGEX": r"^/api(_v\d)?/.*$",
            "CORS_ORIGIN_REGEX_WHITELIST": (r"^(https?://)?(\w+\.)?site20\.org(:\d+)?$",),
            "CORS_ALLOW_CREDENTIALS": True,
        },
        "closed lost",
    ),
    ({"CORS_ORIGIN_REGEX_WHITELIST": [r"^https://\w+\.herokuapp\.com$"]}, ""),
    (
        {
            "CORS_ALLOWED_ORIGIN_REGEXES": [r"^https://\w+\.site22\.io$", "https://*.site22.io"],
            "CORS_ALLOW_CREDENTIALS": True,
        },
        "",
    ),
    ({"CORS_URLS_REGEX": r"^/api/.*$", "CORS_ALLOWED_ORIGINS": ["http://localhost:3000"]}, ""),
    (
        {
            "CORS_URLS_REGEX": r"^/(api|media)/.*$",
            "CORS_ALLOWED_ORIGINS": ["http://localhost:5173"],
            "CORS_ALLOW_CREDENTIALS": True,
        },
        "",
    ),
    (
        {
            "CORS_ALLOWED_ORIGINS": ["http://localhost:5173"],
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_EXPOSE_HEADERS": [
                "Content-Type",
                "Content-Length",
                "X-Requested-With",
                "Authorization",
                "Set-Cookie",
            ],
            "CORS_PREFLIGHT_MAX_AGE": 86400,
        },
        "",
    ),
    ({"CORS_ALLOWED_ORIGINS": ["http://localhost:5173"], "CORS_ALLOW_HEADERS": ["*"]}, "opened"),
    (
        {
            "CORS_ALLOWED_ORIGINS": ["http://localhost:5173"],
            "CORS_ALLOW_METHODS": ["GET", "HEAD", "OPTIONS"],
        },
        "",
    ),
    ({"CORS_ALLOW_HEADERS": "access-control-allow-origin", "CORS_ORIGIN_ALLOW_ALL": True}, ""),
    (
        {
            "CORS_ALLOWED_HEADERS": (*default_headers,),
            "CORS_ALLOWED_ORIGINS": ["http://localhost:3000"],
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_ALLOW_ALL_ORIGINS": False,
        },
        "",
    ),
    (
        {
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_ALLOWED_ORIGINS": ["https://app.example.com"],
            "CORS_ALLOWED_METHODS": ["GET", "POST"],
            "CORS_EXPOSE_HEADERS": ["X-Total"],
        },
        "",
    ),
    (
        {
            "CORS_ALLOWED_ORIGINS": [
                "http://organic.site16.example",
                "https://organic.site16.example",
                "http://203.0.113.7",
                "https://203.0.113.7",
            ],
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_ALLOW_ALL_ORIGINS": True,
            "CORS_ALLOW_HEADERS": [
                "content-type",
                "authorization",
                "x-csrftoken",
                "accept",
                "origin",
                "user-agent",
                "x-requested-with",
            ],
        },
        "closed lost",
    ),
    (
        {
            "CORS_ORIGIN_ALLOW_ALL": True,
            "CORS_ALLOWED_ORIGINS": ["https://site17.example", "https://www.site17.example"],
        },
        "",
    ),
    (
        {
            "CORS_ALLOWED_ORIGINS": [
                "http://localhost:5173",
                "http://localhost:5173",
                "http://127.0.0.1:3000",
            ],
            "CORS_ALLOW_CREDENTIALS": True,
        },
        "",
    ),
    ({"CORS_ALLOWED_ORIGINS": ["http://localhost:3000"], "CORS_PREFLIGHT_MAX_AGE": 2592000}, ""),
    (
        {
            "CORS_ALLOWED_ORIGINS": [
                "capacitor://localhost",
                "ionic://localhost",
                "http://localhost",
                "http://localhost:8100",
            ],
            "CORS_ALLOW_CREDENTIALS": True,
        },
        "",
    ),
]
"""The settings, and the changes."""
