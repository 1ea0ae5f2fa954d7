"""Users, workspaces, memberships, and how users sign in.

Secrets (tokens, links, invitations) are stored as SHA-256 of 32 random bytes: no row
can be used to sign in. Roles are ranks, so "at least" is one comparison.
"""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_noop

#: The colors of the circles with initials.
AVATAR_TONES = 6


class Role(models.IntegerChoices):
    """A member's role in a workspace; a higher rank includes all lower ones."""

    READER = 10, gettext_noop("reader")
    CONTRIBUTOR = 20, gettext_noop("contributor")
    OWNER = 30, gettext_noop("owner")


# A function: migrations then name it and do not repeat the choices.
def roles() -> list[tuple[int, str]]:
    return list(Role.choices)


class Theme(models.TextChoices):
    SYSTEM = "system", "System"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


def themes() -> list[tuple[str, str]]:
    return list(Theme.choices)


class UserManager(BaseUserManager["User"]):
    """Finds users by name, ignoring case."""

    def get_by_natural_key(self, username: str | None) -> User:
        # The constraint `user_name_any_case` makes sure that at most one user matches.
        return self.get(username__iexact=username)


class User(AbstractBaseUser):
    """A person. Without a password, a user signs in with a link."""

    username = models.CharField(max_length=150, unique=True)
    display_name = models.CharField(max_length=150, blank=True, default="")
    email = models.EmailField(blank=True, default="")
    # The address that a link confirmed: mails go to `email` only if it is this one.
    # Null, so that adding the column does not rebuild the table without its triggers.
    confirmed_email = models.EmailField(null=True, blank=True)
    theme = models.CharField(max_length=10, choices=themes, default=Theme.SYSTEM)
    time_zone = models.CharField(max_length=64, blank=True, default="")
    language = models.CharField(max_length=16, blank=True, default="")
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)
    last_workspace = models.ForeignKey(
        "Workspace", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("username"), name="user_name_any_case")
        ]

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def can_get_mail(self) -> bool:
        return bool(self.email) and self.email == self.confirmed_email

    @property
    def initials(self) -> str:
        words = str(self).replace(".", " ").replace("_", " ").split()
        return "".join(word[0] for word in words[:2]).upper() or "?"

    @property
    def tone(self) -> int:
        """The color of the circle with the initials, to tell people apart."""
        return self.pk % AVATAR_TONES


class WorkspaceQuerySet(models.QuerySet["Workspace"]):
    def visible_to(self, user: User) -> WorkspaceQuerySet:
        return self.filter(members__user=user)


class Workspace(models.Model):
    """A space of experiments, runs and views, with its members."""

    name = models.CharField(max_length=63, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    # The highest number of a purged experiment: numbers are never reused.
    last_purged_experiment = models.PositiveIntegerField(default=0)

    objects = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    def count_changes(self) -> int | None:
        """Sum the changes to what its lists show; None if nothing was counted."""
        # As SQL, because open lists ask every few seconds: Django takes many times
        # longer to compose this query than the database takes to run it.
        table = self.change_counts.model._meta.db_table
        sql = f'SELECT SUM(changes) FROM "{table}" WHERE workspace_id = %s'
        with connection.cursor() as cursor:
            cursor.execute(sql, [self.pk])
            [found] = cursor.fetchone()
        return None if found is None else int(found)


class Member(models.Model):
    """A person's role in a workspace."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="members"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.PositiveSmallIntegerField(choices=roles)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "user"], name="member_once"),
            models.CheckConstraint(
                condition=Q(role__in=[10, 20, 30]), name="member_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace}"


class TokenKind(models.TextChoices):
    """What a token is for; agent and run tokens can do only what is listed for them."""

    ORDINARY = ""
    AGENT = "agent"
    RUN = "run"


def token_kinds() -> list[tuple[str, str]]:
    return list(TokenKind.choices)


class ApiToken(models.Model):
    """A named secret for scripts: `Bearer <token>`, or Basic with it as password.

    It has its owner's permissions, limited to `role_cap`. Paths without
    `/w/<workspace>` use `workspace`.

    An agent's token serves one `target`. A run's token is for the script of `run`: it
    covers the tree of `root_run`.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="tokens"
    )
    name = models.CharField(max_length=100)
    # The token's first characters, by which its owner recognizes it.
    prefix = models.CharField(max_length=12)
    digest = models.BinaryField(max_length=32, unique=True)
    role_cap = models.PositiveSmallIntegerField(choices=roles, default=Role.CONTRIBUTOR)
    created = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(null=True, blank=True)
    expires = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)
    kind = models.CharField(
        max_length=10,
        choices=token_kinds,
        blank=True,
        default=TokenKind.ORDINARY,
        db_default=TokenKind.ORDINARY,
    )
    target = models.ForeignKey(
        "ComputeTarget", null=True, on_delete=models.CASCADE, related_name="tokens"
    )
    root_run = models.ForeignKey(
        "Run", null=True, on_delete=models.CASCADE, related_name="tree_tokens"
    )
    run = models.ForeignKey(
        "Run", null=True, on_delete=models.CASCADE, related_name="run_tokens"
    )

    class Meta:
        indexes: ClassVar = [models.Index(fields=["user", "revoked"])]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class SignInLink(models.Model):
    """A link that signs its user in once, within 15 minutes."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="links")
    digest = models.BinaryField(max_length=32, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True, blank=True)


class Invitation(models.Model):
    """A link that makes one person a member of the workspace."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="invitations"
    )
    role = models.PositiveSmallIntegerField(choices=roles)
    digest = models.BinaryField(max_length=32, unique=True)
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    revoked = models.DateTimeField(null=True, blank=True)


class SignInFailure(models.Model):
    """A failed sign-in; the throttle counts them by name and by address."""

    name = models.CharField(max_length=150)
    address = models.CharField(max_length=64)
    time = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["name", "time"]),
            models.Index(fields=["address", "time"]),
        ]


class SignInMailRequest(models.Model):
    """A request for a mail with a sign-in link, by anyone, for any name.

    The worker looks the name up, so that a response reveals nothing about it. The
    throttle counts requests by name and by address.
    """

    name = models.CharField(max_length=150)
    address = models.CharField(max_length=64)
    time = models.DateTimeField()
    is_open = models.BooleanField(default=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["name", "time"], name="mail_requests_by_name"),
            models.Index(fields=["address", "time"], name="mail_requests_by_address"),
            models.Index(
                fields=["id"],
                condition=models.Q(is_open=True),
                name="mail_requests_open",
            ),
        ]


MAX_ADDRESS = 64
MAX_AGENT = 300


class BrowserSession(AbstractBaseSession):
    """A browser's session with its user, who can list and end it."""

    user = models.ForeignKey(
        User, null=True, on_delete=models.CASCADE, related_name="sessions"
    )
    created = models.DateTimeField(auto_now_add=True)
    last_seen = models.DateTimeField(auto_now_add=True)
    address = models.CharField(max_length=64, blank=True, default="")
    agent = models.CharField(max_length=300, blank=True, default="")

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore

    @property
    def public_id(self) -> str:
        """Names the session on pages; its key would sign in everyone who reads it."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:24]


class SessionStore(DatabaseStore):
    #: The row that the session was loaded from.
    row: BrowserSession | None = None

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def _get_session_from_db(self) -> BrowserSession | None:
        # Kept, so that checking `last_seen` costs no second query.
        self.row = super()._get_session_from_db()  # type: ignore[misc]
        return self.row

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        row = super().create_model_instance(data)
        assert isinstance(row, BrowserSession)
        # Columns can be listed and filtered by user. The session's own data is encoded.
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.address = str(data.get("address", ""))[:MAX_ADDRESS]
        row.agent = str(data.get("agent", ""))[:MAX_AGENT]
        row.last_seen = timezone.now()
        # Signing in changes the key, which begins a new session.
        same = self.row is not None and self.row.session_key == row.session_key
        row.created = self.row.created if self.row and same else row.last_seen
        return row
