from __future__ import annotations

import pytest

from runs.render.formats import experiment_slug


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("resnet-cifar100", "resnet-cifar100"),
        ("5 % of 李薇", "5 % of 李薇"),
        ("/Shared/YOLOv8", "~7"),
        ("~3", "~7"),
        ("..", "~7"),
        ("a\nb", "~7"),
        ("n" * 201, "~7"),
    ],
)
def test_a_name_that_does_not_fit_a_path_is_replaced_by_the_id(
    name: str, slug: str
) -> None:
    assert experiment_slug(7, name) == slug
