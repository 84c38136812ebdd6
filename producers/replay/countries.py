"""Country names as Online Retail writes them -> ISO 3166-1 alpha-2."""

from types import MappingProxyType
from typing import Final

UNKNOWN_COUNTRY: Final = "ZZ"
"""ISO's own code for an unknown country: where the file says `Unspecified`, or a region that is no country."""

CODES: Final = MappingProxyType(
    {
        "Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE", "Brazil": "BR", "Canada": "CA",
        "Cyprus": "CY", "Czech Republic": "CZ", "Denmark": "DK", "EIRE": "IE", "Finland": "FI", "France": "FR",
        "Germany": "DE", "Greece": "GR", "Hong Kong": "HK", "Iceland": "IS", "Israel": "IL", "Italy": "IT",
        "Japan": "JP", "Lebanon": "LB", "Lithuania": "LT", "Malta": "MT", "Netherlands": "NL", "Norway": "NO",
        "Poland": "PL", "Portugal": "PT", "RSA": "ZA", "Saudi Arabia": "SA", "Singapore": "SG", "Spain": "ES",
        "Sweden": "SE", "Switzerland": "CH", "USA": "US", "United Arab Emirates": "AE", "United Kingdom": "GB",
    }
)  # fmt: skip


def iso_country(name: str) -> str:
    return CODES.get(name, UNKNOWN_COUNTRY)
