"""All settings, read from the environment. Development works untouched; production must be told.

The variables and what they mean for an operator: docs/operations.md.
"""

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from guildhall.core.logs import logging_settings

PROJECT = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
if env.str("GUILDHALL_ENV_FILE", ""):
    env.read_env(env.str("GUILDHALL_ENV_FILE"))

DATA = Path(env.str("GUILDHALL_DATA", str(PROJECT / "var")))
# What people read: cases, methodology, courses, by language.
CONTENT = Path(env.str("GUILDHALL_CONTENT", str(PROJECT / "content")))
(DATA / "static").mkdir(parents=True, exist_ok=True)
PRODUCTION = env.bool("PRODUCTION", False)
DEBUG = env.bool("DEBUG", False)
# The demo lets anybody sign in as anybody: it is a choice of the operator, and never one for production.
DEMO = env.bool("DEMO", False)

# --- Secrets and hosts ---------------------------------------------------------------------------------------------

SECRET_KEY = env.str("SECRET_KEY", "")
if PRODUCTION and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured(
        "Guildhall does not start in production without a SECRET_KEY of at least 50 characters: "
        "it protects sign-in and links. Make one with `openssl rand -base64 48` and keep it."
    )
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG shows the inside of Guildhall to everybody. Leave it off in production.")
if PRODUCTION and DEMO:
    raise ImproperlyConfigured("DEMO lets anybody sign in as anybody. Leave it off in production.")
SECRET_KEY = SECRET_KEY or "only-for-development-and-tests-" + "0" * 32
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]", "testserver"])
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Say under which names Guildhall is reached, e.g. ALLOWED_HOSTS=guildhall.example.org")
# The address that mails carry; pages use the one they were asked under.
BASE_URL = env.str(
    "BASE_URL", f"https://{ALLOWED_HOSTS[0]}" if PRODUCTION else f"http://127.0.0.1:{env.int('PORT', 8000)}"
).rstrip("/")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[BASE_URL])

# --- Rooms ---------------------------------------------------------------------------------------------------------

# A plug-in is a Django app that names itself under the entry point group "guildhall.plugins"; the operator says which are used.
_installed = {plugin.name: plugin.value for plugin in entry_points(group="guildhall.plugins")}
_wanted = env.list("PLUGINS", default=[])
if _missing := [name for name in _wanted if name not in _installed]:
    raise ImproperlyConfigured(f"PLUGINS names {', '.join(_missing)}, but no such plug-in is installed here.")
PLUGINS = [_installed[name] for name in _wanted]

INSTALLED_APPS = [
    "guildhall.portal",
    "guildhall.engagement",
    "guildhall.library",
    "guildhall.people",
    "guildhall.skills",
    "guildhall.core",
    *PLUGINS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    "guildhall.core.health.HealthMiddleware",
    # Before all that may refuse a request: the page that says so looks for its CSRF token in the session.
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "guildhall.core.middleware.PackingMiddleware",  # pads at random, so that a secret's length tells nothing (BREACH)
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Around all that may answer, so that a refusal carries their headers too.
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "guildhall.core.middleware.RequestIdMiddleware",
    "guildhall.core.logs.AccessLogMiddleware",
    "django.middleware.common.CommonMiddleware",
    "guildhall.core.files.UploadLimitMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "guildhall.people.middleware.PersonMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "guildhall.people.middleware.SecondFactorMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "guildhall.core.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "guildhall.config.urls"
WSGI_APPLICATION = "guildhall.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "guildhall.core.frame.frame",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "guildhall.core.templatetags.ui",
                "guildhall.skills.templatetags.skills",
            ],
        },
    },
]
FORM_RENDERER = "guildhall.core.forms.UiRenderer"

# --- Database ------------------------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA / 'guildhall.sqlite3'}")}
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-20000; PRAGMA mmap_size=134217728"
        ),
    }
else:
    _database["OPTIONS"] = {"pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL_SIZE", 8), "timeout": 10}}
    _database["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Rate limits must hold over several servers, so they are counted in the database. When it is full a third of it is thrown away,
# so there must be more room than somebody who wants to be forgotten can fill.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_cache",
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
}

# --- Languages and time --------------------------------------------------------------------------------------------

ALL_LANGUAGES = {
    "en": _("English"),
    "de": _("German"),
    "el": _("Greek"),
    "es": _("Spanish"),
    "pl": _("Polish"),
    "pt": _("Portuguese"),
}
LANGUAGES = [(code, ALL_LANGUAGES[code]) for code in env.list("LANGUAGES", default=list(ALL_LANGUAGES))]
LANGUAGE_CODE = env.str("LANGUAGE_CODE", LANGUAGES[0][0])
USE_I18N = True
# "2,360 employers". What is no count but a name (a row's number, a primary key) is written with stringformat:"s".
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = "guildhall.config.formats"
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", "Europe/Brussels")

# --- Sign-in -------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "people.User"
# An address is unique whatever its case: a constraint Django's check does not know.
# Whether browsers list a whole domain as encrypted only is for the owner of the domain to ask for.
SILENCED_SYSTEM_CHECKS = ["auth.W004", "security.W021"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# People are known by their address. What proves that they are who they say is a code sent there, a passkey, the single
# sign-on of their school, or a password if they set one. Accounts begin at people:start or with an invitation.
ACCOUNT_ADAPTER = "guildhall.people.signin.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_SESSION_REMEMBER = True
# Nobody finds out whether an address has an account.
ACCOUNT_PREVENT_ENUMERATION = "strict"
# Whoever changes an address, a password or a factor has proved within five minutes who they are.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 5 * 60
ACCOUNT_FORMS = {
    "login": "guildhall.people.forms.signin.SignInForm",
    "confirm_login_code": "guildhall.people.forms.signin.SignInCodeForm",
    "confirm_email_verification_code": "guildhall.people.forms.signin.AddressCodeForm",
    "add_email": "guildhall.people.forms.signin.ChangeAddressForm",
    "change_password": "guildhall.people.forms.signin.ChangePasswordForm",
    "set_password": "guildhall.people.forms.signin.SetPasswordForm",
    "reset_password": "guildhall.people.forms.signin.ForgottenPasswordForm",
    "confirm_password_reset_code": "guildhall.people.forms.signin.ResetCodeForm",
    "reset_password_from_key": "guildhall.people.forms.signin.NewPasswordForm",
    "reauthenticate": "guildhall.people.forms.signin.ConfirmByPasswordForm",
}
# Counted by address ("key"), by session (the key of code_attempt), by account ("user") and by network ("ip"). Behind one
# network there may be a whole school at eight o'clock, so what protects an account is counted by its address.
ACCOUNT_RATE_LIMITS = {
    "login": "100/m/ip",
    "request_login_code": "60/m/ip,600/h/ip,3/m/key,10/h/key",
    "code_attempt": "60/m/ip,10/15m/key",
    "login_failed": "60/m/ip,5/5m/key,30/d/key",
    "start": "20/m/ip,100/h/ip,3/m/key,10/h/key",  # our own: people:start
    "invite": "30/m/user,200/d/user",  # our own: letters to people who did not ask for any
    "answer_by_link": "60/m/key,1000/d/key",  # our own: what somebody without an account answers by a link
    "reset_password": "30/m/ip,3/m/key,10/h/key",
    "reset_password_from_key": "30/m/ip",
    "confirm_email": "1/10s/key,10/h/key",
    "reauthenticate": "10/m/user",
    "manage_email": "10/m/user",
    "change_password": "10/m/user",
}
# Eight digits: they can be typed on any keyboard. Three attempts for each code make guessing one hopeless.
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 8, "dashed": True}
# Without this number of proxies in front, the address of the network in X-Forwarded-For is anybody's claim.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", 1 if env.bool("BEHIND_PROXY", PRODUCTION) else 0)

MFA_ADAPTER = "guildhall.people.signin.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Guildhall"
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "guildhall.people.forms.signin.SecondFactorForm",
    "reauthenticate": "guildhall.people.forms.signin.ConfirmBySecondFactorForm",
    "activate_totp": "guildhall.people.forms.signin.ActivateCodeAppForm",
    "add_webauthn": "guildhall.people.forms.signin.AddPasskeyForm",
    "edit_webauthn": "guildhall.people.forms.signin.RenamePasskeyForm",
}
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}

# Single sign-on with an OpenID Connect provider. An address that the provider has verified belongs to the person; so does any
# address of OIDC_VERIFIED_DOMAINS, for providers that know but do not say so.
SOCIALACCOUNT_ADAPTER = "guildhall.people.signin.SingleSignOnAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_FORMS = {"disconnect": "guildhall.people.forms.signin.DisconnectForm"}
# A link, not a form: a provider may lead on to addresses that the form-action of our Content-Security-Policy does not know.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_PROVIDERS = {}
if OIDC_SERVER_URL := env.str("OIDC_SERVER_URL", ""):
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": env.str("OIDC_NAME", "Single sign-on"),
                "client_id": env.str("OIDC_CLIENT_ID"),
                "secret": env.str("OIDC_CLIENT_SECRET", ""),
                "settings": {"server_url": OIDC_SERVER_URL, "verified_email": env.list("OIDC_VERIFIED_DOMAINS", default=[])},
            }
        ],
    }

# --- Cookies and headers -------------------------------------------------------------------------------------------

SESSION_COOKIE_NAME = "guildhall"
SESSION_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
# The session is the only cookie: the CSRF token and the messages live in it.
CSRF_USE_SESSIONS = True
CSRF_FAILURE_VIEW = "guildhall.core.http.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", PRODUCTION) else None
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", PRODUCTION)
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Files and static files ----------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
MEDIA_ROOT = DATA / "files"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
if S3_BUCKET := env.str("S3_BUCKET", ""):
    from botocore.config import Config

    # No ACL is sent: without one everything is private, and buckets that know no ACLs would refuse it.
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.str("S3_ENDPOINT_URL", "") or None,
            "region_name": env.str("S3_REGION", "") or None,
            "access_key": env.str("S3_ACCESS_KEY", "") or None,
            "secret_key": env.str("S3_SECRET_KEY", "") or None,
            "file_overwrite": False,
            "client_config": Config(
                signature_version="s3v4",
                # Somebody waits for the page: a storage that keeps silent is given up after 45 seconds instead of three minutes.
                connect_timeout=5,
                read_timeout=15,
                retries={"total_max_attempts": 3},
                # Not everything that speaks S3 knows the checksums that boto3 adds unasked; each file has its SHA-256 with us.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        },
    }
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 60 * 60
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
MAX_UPLOAD_MB = env.int("MAX_UPLOAD_MB", 50)
# Films come in pieces, which lie here until they are whole; several web servers share this folder.
MAX_FILM_GB = env.int("MAX_FILM_GB", 5)
UPLOADS = DATA / "uploads"

# --- Mail ----------------------------------------------------------------------------------------------------------

# smtp+tls://user:password@mail.example.org:587 sends; consolemail:// prints, filemail:///folder keeps.
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", "Guildhall <guildhall@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Letters to employers: so many go out within a minute, of all schools together, since mail servers take no more from a stranger;
# and where they return to if they cannot be delivered, if that is not MAIL_FROM: a mailbox that MAIL_IN_… brings in.
MAILS_PER_MINUTE = env.int("MAILS_PER_MINUTE", 30)
MAIL_RETURNS_TO = env.str("MAIL_RETURNS_TO", "")
# Mail that comes in: the domain of people's secret addresses, the mailbox it lies in, what a mail server that brings it says.
MAIL_IN_DOMAIN = env.str("MAIL_IN_DOMAIN", "").lower()
MAIL_IN_IMAP = env.str("MAIL_IN_IMAP", "")
MAIL_IN_SECRET = env.str("MAIL_IN_SECRET", "")

# --- API -----------------------------------------------------------------------------------------------------------

API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", 300)  # for each token

# --- Tasks ---------------------------------------------------------------------------------------------------------

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "outward"]}}
# After so many seconds without a heartbeat a worker is believed dead, and its tasks are given to others.
WORKER_DEAD_AFTER = env.int("WORKER_DEAD_AFTER", 60)

# Closed networks only: webhooks and harvests may then lead to private addresses, there also unencrypted and to any port.
WEBHOOKS_ALLOW_PRIVATE = env.bool("WEBHOOKS_ALLOW_PRIVATE", False)

# A server that speaks LibreTranslate's protocol makes drafts of translations when somebody asks for one; without it nothing does.
LIBRETRANSLATE_URL = env.str("LIBRETRANSLATE_URL", "")
LIBRETRANSLATE_KEY = env.str("LIBRETRANSLATE_KEY", "")

# --- Logs and metrics ----------------------------------------------------------------------------------------------

LOG_FORMAT = env.str("LOG_FORMAT", "json" if PRODUCTION else "lines")
LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
LOGGING = logging_settings(LOG_FORMAT, LOG_LEVEL)
METRICS = env.bool("METRICS", False)
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
if METRICS:
    MIDDLEWARE.insert(1, "guildhall.core.metrics.MetricsMiddleware")
