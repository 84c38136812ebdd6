"""The words the simulated shop is made of; all made up, no person and no company is meant."""

from typing import Final

FIRST_NAMES: Final = (
    "Ana", "Ben", "Chiara", "Dario", "Elif", "Finn", "Greta", "Hugo", "Ines", "Jonas", "Kaja", "Luis", "Mina", "Nils",
    "Olga", "Pavel", "Quim", "Rosa", "Sami", "Tessa", "Uwe", "Vera", "Wim", "Xenia", "Yara", "Zoe",
)  # fmt: skip
FAMILY_NAMES: Final = (
    "Adler", "Blanc", "Costa", "Demir", "Egger", "Ferrer", "Gallo", "Huber", "Iglesias", "Jansen", "Keller", "Lopez",
    "Moreau", "Novak", "Ortega", "Petit", "Roth", "Silva", "Torres", "Urban", "Vidal", "Weber",
)  # fmt: skip
STREETS: Final = ("Lindenweg", "Rue du Marais", "Calle Mayor", "Bahnhofstrasse", "Parkallee", "Rue Haute", "Via Lunga")
BRANDS: Final = ("Nordlicht", "Casa Clara", "Velo+", "Atelier 9", "Kupfer & Co", "Mirador", "Feldgrau", "Luma")
THINGS: Final = (
    "mug", "lamp", "kettle", "backpack", "scarf", "headphones", "notebook", "chair", "bicycle light", "tea", "blanket",
    "knife", "vase", "watch", "charger", "yoga mat", "puzzle", "frame", "trainers", "raincoat",
)  # fmt: skip
COLOURS: Final = ("blue", "red", "black")
CITIES: Final = (
    ("Berlin", "Berlin", "DE", "10115", 52.52, 13.405),
    ("Hamburg", "Hamburg", "DE", "20095", 53.5511, 9.9937),
    ("München", "Bayern", "DE", "80331", 48.1351, 11.582),
    ("Köln", "Nordrhein-Westfalen", "DE", "50667", 50.9375, 6.9603),
    ("Paris", "Île-de-France", "FR", "75001", 48.8566, 2.3522),
    ("Lyon", "Auvergne-Rhône-Alpes", "FR", "69001", 45.764, 4.8357),
    ("Madrid", "Madrid", "ES", "28013", 40.4168, -3.7038),
    ("València", "Comunitat Valenciana", "ES", "46001", 39.4699, -0.3763),
    ("Zürich", "Zürich", "CH", "8001", 47.3769, 8.5417),
)  # fmt: skip
USER_AGENTS: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/144.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_6) Version/26.0 Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 16; Pixel 9) Chrome/142.0 Mobile",
    "KontorShop/4.2 (iPhone; iOS 26.1)",
)
PRAISE: Final = ("Works as described", "Better than expected", "Lovely", "Good value", "Would buy again", "Solid")
BLAME: Final = ("Arrived scratched", "Smaller than it looks", "Stopped working", "Not my colour", "Too expensive")
DETAIL: Final = (
    "and the parcel came a day early", "though the box was torn", "my daughter uses it every day", "it fits the shelf",
    "the second one I own", "the manual could be clearer", "packed with a lot of paper", "the colour is a bit darker",
)  # fmt: skip
CLOSING: Final = ("Thanks.", "Recommended.", "We will see how long it lasts.", "Four weeks in use now.", "")
COMPLAINTS: Final = ("Where is my parcel?", "One piece is missing", "Invoice address is wrong", "It does not switch on")
