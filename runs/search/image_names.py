"""Which files are images, by their names."""

from __future__ import annotations

from django.db.models import Q

from runs.render.file_kinds import IMAGES

#: MLflow keeps a small twin beside each image that it logs; its name ends so.
SMALL = "compressed.webp"


def is_image() -> Q:
    endings = Q()
    for ending in IMAGES:
        endings |= Q(name__iendswith=f".{ending}")
    return endings
