#!/usr/bin/env python3
"""Make the pieces of the data set `scenes`: cut-outs of objects with their alpha, and photographs to stand behind them.

    ./make-scenes.py STAMPS SKIMAGE OPENCV      write scenes/ beside this script

The three are folders as Debian installs them: tuxpaint-stamps-default's /usr/share/tuxpaint/stamps, python3-skimage's
/usr/lib/python3/dist-packages/skimage/data, opencv-doc's /usr/share/doc/opencv-doc/examples. Needs python3-pil.

The rule: a category is all PNG of some folders, but those that LEFT_OUT names (drawings among photographs, shadows, parts, the
same again mirrored). A cut-out is cropped to what is more opaque than not, and scaled so that its longer side has 48 pixels;
smaller ones stay. A photograph is scaled so that its shorter side has 128 pixels, and its middle kept, at most 192 of the longer. It shows
nothing of a category. Names keep small letters, digits and '-'.
"""
import pathlib
import re
import sys

from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent / "scenes"
SIDE, SHORT, LONG = 48, 128, 192

CATEGORIES = {
    "bird": ["animals/birds"],
    "building": ["town/houses/cartoon"],
    "flower": ["plants/flowers", "plants/flowers/plastic"],
    "food": ["food/fruit", "food/fruit/cartoon", "food/vegetables"],
    "mammal": ["animals/mammals", "animals/mammals/apes", "animals/mammals/aquatic", "animals/mammals/bears", "animals/mammals/bovines",
               "animals/mammals/camel", "animals/mammals/cats", "animals/mammals/deer", "animals/mammals/dogs",
               "animals/mammals/equines", "animals/mammals/rodents", "animals/marsupials"],
    "vehicle": ["military/vehicles", "vehicles", "vehicles/auto", "vehicles/construction", "vehicles/construction/cartoon", "vehicles/cycle",
                "vehicles/emergency", "vehicles/emergency/cartoon", "vehicles/farming/cartoon", "vehicles/flight", "vehicles/flight/cartoon",
                "vehicles/flight/planes", "vehicles/flight/planes/cartoon", "vehicles/locomotive/cartoon", "vehicles/masstransit",
                "vehicles/masstransit/cartoon", "vehicles/race", "vehicles/ship", "vehicles/ship/cartoon"],
}
LEFT_OUT = {"echidna", "kangaroo-silouette", "lion-cartoon", "7spoke256", "wheel_tractor", "wheel-tractor", "trainSign",
            "sedan_police", "cave_entrance"}

# Behind scenes: name, and where it is from. README.md says the licence of each.
PHOTOS = {
    "brick": "brick.png", "camera": "camera.png", "coffee": "coffee.png", "galaxies": "hubble_deep_field.jpg", "grass": "grass.png",
    "gravel": "gravel.png", "launch": "rocket.jpg", "retina": "retina.jpg", "tissue": "ihc.png",
    "board": "data/board.jpg", "lake": "hfs/data/001.jpg", "notebook": "data/ela_original.jpg", "stuff": "data/stuff.jpg",
    "starry-night": "data/starry_night.jpg", "tree": "hfs/data/002.jpg", "valley": "data/aero1.jpg",
}
# Others, which train alone.
GROUNDS = {
    "aloe": "data/aloeL.jpg", "astronaut": "astronaut.png", "barrier": "text/scenetext05.jpg", "blocks": "data/blox.jpg",
    "books": "data/left.jpg", "cards": "data/cards.png", "chessboard": "data/left04.jpg", "page": "data/text_defocus.jpg",
    "plant": "alphamat/input_images/plant.jpg", "sudoku": "data/sudoku.png", "wall": "text/scenetext04.jpg",
}


def name_of(path):
    return re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")


def cut_out(path):
    """The object alone, in its colours where it is opaque. None: there is nothing around it, or of it."""
    image = Image.open(path).convert("RGBA")
    seen = image.getchannel("A").point(lambda a: 255 if a > 127 else 0)
    if seen.getbbox() is None or seen.getextrema()[0] == 255:
        return None
    image = image.crop(seen.getbbox())
    scale = min(1.0, SIDE / max(image.size))
    return image.resize([max(1, round(scale * n)) for n in image.size], Image.LANCZOS)


def photograph(path):
    image = Image.open(path).convert("RGB")
    scale = SHORT / min(image.size)
    image = image.resize([round(scale * n) for n in image.size], Image.LANCZOS)
    wide, tall = (min(n, LONG) for n in image.size)
    left, top = (image.width - wide) // 2, (image.height - tall) // 2
    return image.crop((left, top, left + wide, top + tall))


def write(image, folder, name):
    path = HERE / folder / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        name += "-2"
        path = path.with_name(f"{name}.png")
    image.save(path, optimize=True)


def main(stamps, skimage, opencv):
    for category, folders in CATEGORIES.items():
        for folder in folders:
            for path in sorted((stamps / folder).glob("*.png")):
                image = None if path.stem in LEFT_OUT or path.stem.endswith("_mirror") else cut_out(path)
                if image:
                    write(image, category, name_of(path))
    for folder, pictures in (("photos", PHOTOS), ("grounds", GROUNDS)):
        for name, path in pictures.items():
            write(photograph((opencv if "/" in path else skimage) / path), folder, name)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*map(pathlib.Path, sys.argv[1:]))
