"""Keys of the WSGI environment that the web server and the access rules share."""

from __future__ import annotations

#: Set by the access rules: how the caller was identified, "token" or "session"; empty
#: for an invalid credential. Not set if no credential was checked.
KNOWN_CALLER = "studio.known_caller"
#: Set by the web server: only authorize the request, without calling the view. For an
#: authorized caller the access rules then set the largest body that is accepted.
AUTHORIZE_ONLY = "studio.authorize_only"
BODY_LIMIT = "studio.body_limit"
#: Set by the web server: an error to render in the format of the path.
REFUSAL = "studio.refusal"
