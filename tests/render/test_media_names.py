"""What file names say of media: a name, a step and a kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runs.render.media import STEP_FILE, read_media_name, read_step_folder
from studio.core.media.media_files import MediaKind


@pytest.mark.parametrize(
    ("path", "key", "step", "kind"),
    [
        ("images/a~b+step+3+timestamp+9+u-1.png", "a/b", 3, "image"),
        ("images/a#b%step%-3%timestamp%9%u-1.png", "a/b", -3, "image"),
        ("media/val/overlay/step_00001200.png", "val/overlay", 1200, "image"),
        ("media/val/overlay/step_00001200_ab12_3.jpg", "val/overlay", 1200, "image"),
        ("media/images/val/overlay_1200_ab12.png", "val/overlay", 1200, "image"),
        ("media/table/pred_4_0a1b2c3d.table.json", "pred", 4, "table"),
        ("media/g/step_1.histogram.json", "g", 1, "histogram"),
        ("media/f/step_1.plotly.json", "f", 1, "figure"),
        ("media/f/step_1.figure.png", "f", 1, "figure"),
        ("media/v/step_1.video.gif", "v", 1, "video"),
        ("eval/step_10/confusion.png", "eval/confusion", 10, "image"),
        ("out/summary-epoch-3.md", "out/summary", 3, "text"),
        ("preds_step_7.json", "preds", 7, "table"),
        ("epoch_1.png", "epoch", 1, "image"),
        ("logo.svg", "logo.svg", None, "image"),
        ("speech.wav", "speech.wav", None, "audio"),
    ],
)
def test_a_path_says_name_step_and_kind(
    path: str, key: str, step: int | None, kind: str
) -> None:
    found = read_media_name(path)
    assert found is not None
    assert (found.key, found.step, found.kind) == (key, step, MediaKind(kind))


@pytest.mark.parametrize(
    "path",
    [
        *("train.py", "config.json", "notes.txt", "step", "a/step_1", "x.step_1"),
        *("step_100/adapter_config.json", "checkpoints/step_2/notes.txt"),
        "media/a/step_99999999999999999999.png".replace(".png", ".txt"),
        f"media/a/step_{2**63}.txt",
    ],
)
def test_other_files_are_no_media(path: str) -> None:
    assert read_media_name(path) is None


def test_thumbnails_layers_and_manifests_are_no_items() -> None:
    stem = "media/a/step_00000001_ab"
    for ending in ("_0.small.webp", "_0.layer2.png"):
        found = read_media_name(stem + ending)
        assert found is not None
        assert found.is_part
    manifest = read_media_name(f"{stem}.media.json")
    assert manifest is not None
    assert (manifest.key, manifest.step, manifest.is_manifest) == ("a", 1, True)


@pytest.mark.parametrize(
    ("path", "numbered"),
    [("out/fake_2.png", ("out/fake", 2)), ("x7.wav", ("x", 7)), ("a.png", None)],
)
def test_a_number_at_the_end_can_be_a_step(
    path: str, numbered: tuple[str, int] | None
) -> None:
    found = read_media_name(path)
    assert found is not None
    assert (found.step, found.numbered) == (None, numbered)


@pytest.mark.parametrize(
    "folder",
    ["media/loss", "media/a/step_2", "media/images", "media", "images", "a\nb"],
)
def test_names_of_a_folder_say_what_whole_paths_say(folder: str) -> None:
    endings = [".png", ".PNG", ".histogram.json", ".json", ".txt", ".bin", ".a.png"]
    parts = [".small.webp", ".layer1.png", ".layers.png", ".media.json", "."]
    for ending in endings + parts:
        of_folder = read_step_folder(folder, ending)
        for start in ("step_1", "step_1_ab_2", "step_1_", "step_-1_ab0123"):
            match = STEP_FILE.fullmatch(start + ending)
            assert match
            named = read_media_name(f"{folder}/{start}{ending}")
            if of_folder is not None:
                assert named == replace(of_folder, step=int(match["step"]))
    assert read_step_folder("media/loss", ".png")


def test_other_names_are_read_on_their_own() -> None:
    for name in ("step_1_a.b.png", "step_1.tar.png", "step_x.png", "xstep_1.png"):
        match = STEP_FILE.fullmatch(name)
        assert match is None or read_step_folder("media/a", match["ending"]) is None
