"""Words of the WSGI environment between the web server's front and the access rules."""

from __future__ import annotations

#: Set by the rules: how the caller was identified, "token" or "session"; empty where
#: the credential was not good. Not set where no credential was checked.
KNOWN_CALLER = "studio.known_caller"
#: Set by the front: it asks for the rules alone, without the view. Then the rules set,
#: where they let the caller in, the largest body that is taken from it.
AUTHORIZE_ONLY = "studio.authorize_only"
BODY_LIMIT = "studio.body_limit"
#: Set by the front: an error to be answered in the form that the path has.
REFUSAL = "studio.refusal"
