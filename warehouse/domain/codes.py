"""Codes of the trade in words: set-asides, NAICS sectors, PSC groups; which zone an office of a state keeps.

Pure tables and well-formedness. Not here: who is eligible under a set-aside, how near two codes are (qualification).
"""

import re

SET_ASIDES: dict[str, str] = {
    "SBA": "Total small business",
    "SBP": "Partial small business",
    "8A": "8(a) competed",
    "8AN": "8(a) sole source",
    "HZC": "HUBZone",
    "HZS": "HUBZone sole source",
    "SDVOSBC": "Service-disabled veteran-owned small business",
    "SDVOSBS": "Service-disabled veteran-owned small business, sole source",
    "WOSB": "Women-owned small business",
    "WOSBSS": "Women-owned small business, sole source",
    "EDWOSB": "Economically disadvantaged women-owned small business",
    "EDWOSBSS": "Economically disadvantaged women-owned small business, sole source",
    "LAS": "Local area",
    "IEE": "Indian economic enterprise",
    "ISBEE": "Indian small business economic enterprise",
    "BICIV": "Buy Indian",
    "VSA": "Veteran-owned small business",
    "VSS": "Veteran-owned small business, sole source",
    "RSB": "Reserved for small business",
    "HMP": "Historically black college or minority institution, partial",
    "HMT": "Historically black college or minority institution, total",
    "ESB": "Emerging small business",
    "VSB": "Very small business",
}
"""SAM.gov's set-aside codes in plain names; the last five are of older notices."""

NAICS_SECTORS: dict[str, str] = {
    "11": "Agriculture, forestry, fishing and hunting",
    "21": "Mining, quarrying, and oil and gas extraction",
    "22": "Utilities",
    "23": "Construction",
    "31": "Manufacturing",
    "32": "Manufacturing",
    "33": "Manufacturing",
    "42": "Wholesale trade",
    "44": "Retail trade",
    "45": "Retail trade",
    "48": "Transportation and warehousing",
    "49": "Transportation and warehousing",
    "51": "Information",
    "52": "Finance and insurance",
    "53": "Real estate and rental and leasing",
    "54": "Professional, scientific, and technical services",
    "55": "Management of companies and enterprises",
    "56": "Administrative and support and waste management",
    "61": "Educational services",
    "62": "Health care and social assistance",
    "71": "Arts, entertainment, and recreation",
    "72": "Accommodation and food services",
    "81": "Other services",
    "92": "Public administration",
}
"""First two digits of a NAICS code -> the sector (Census Bureau, 2022)."""

PSC_SERVICES: dict[str, str] = {
    "A": "Research and development",
    "B": "Special studies and analyses",
    "C": "Architect and engineering",
    "D": "Information technology",
    "E": "Purchase of structures and facilities",
    "F": "Natural resources and conservation",
    "G": "Social services",
    "H": "Quality control, testing and inspection",
    "J": "Maintenance and repair of equipment",
    "K": "Modification of equipment",
    "L": "Technical representatives",
    "M": "Operation of government-owned facilities",
    "N": "Installation of equipment",
    "P": "Salvage",
    "Q": "Medical services",
    "R": "Professional, administrative and management support",
    "S": "Utilities and housekeeping",
    "T": "Photographic, mapping, printing and publication",
    "U": "Education and training",
    "V": "Transportation, travel and relocation",
    "W": "Lease or rental of equipment",
    "X": "Lease or rental of facilities",
    "Y": "Construction of structures and facilities",
    "Z": "Maintenance, repair or alteration of real property",
}
"""First letter of a service's PSC -> its category (GSA's PSC manual)."""

PSC_PRODUCTS: dict[str, str] = {
    "10": "Weapons",
    "11": "Nuclear ordnance",
    "12": "Fire control equipment",
    "13": "Ammunition and explosives",
    "14": "Guided missiles",
    "15": "Aircraft and airframe structures",
    "16": "Aircraft components and accessories",
    "17": "Aircraft launching, landing and ground handling",
    "18": "Space vehicles",
    "19": "Ships, small craft and docks",
    "20": "Ship and marine equipment",
    "22": "Railway equipment",
    "23": "Motor vehicles and trailers",
    "24": "Tractors",
    "25": "Vehicle components",
    "26": "Tires and tubes",
    "28": "Engines and turbines",
    "29": "Engine accessories",
    "30": "Mechanical power transmission",
    "31": "Bearings",
    "32": "Woodworking machinery",
    "34": "Metalworking machinery",
    "35": "Service and trade equipment",
    "36": "Special industry machinery",
    "37": "Agricultural machinery",
    "38": "Construction and excavating equipment",
    "39": "Materials handling equipment",
    "40": "Rope, cable, chain and fittings",
    "41": "Refrigeration and air conditioning",
    "42": "Fire fighting, rescue and safety",
    "43": "Pumps and compressors",
    "44": "Furnace, steam plant and drying equipment",
    "45": "Plumbing, heating and sanitation",
    "46": "Water purification and sewage treatment",
    "47": "Pipe, tubing, hose and fittings",
    "48": "Valves",
    "49": "Maintenance and repair shop equipment",
    "51": "Hand tools",
    "52": "Measuring tools",
    "53": "Hardware and abrasives",
    "54": "Prefabricated structures and scaffolding",
    "55": "Lumber, millwork, plywood and veneer",
    "56": "Construction and building materials",
    "58": "Communication, detection and coherent radiation",
    "59": "Electrical and electronic components",
    "60": "Fiber optics",
    "61": "Electric wire, power and distribution",
    "62": "Lighting fixtures and lamps",
    "63": "Alarm, signal and security detection",
    "65": "Medical, dental and veterinary supplies",
    "66": "Instruments and laboratory equipment",
    "67": "Photographic equipment",
    "68": "Chemicals and chemical products",
    "69": "Training aids and devices",
    "70": "Information technology equipment",
    "71": "Furniture",
    "72": "Household and commercial furnishings",
    "73": "Food preparation and serving equipment",
    "74": "Office machines and text processing",
    "75": "Office supplies and devices",
    "76": "Books, maps and publications",
    "77": "Musical instruments and home audio",
    "78": "Recreational and athletic equipment",
    "79": "Cleaning equipment and supplies",
    "80": "Brushes, paints, sealers and adhesives",
    "81": "Containers, packaging and packing",
    "83": "Textiles, leather, furs and tents",
    "84": "Clothing and individual equipment",
    "85": "Toiletries",
    "87": "Agricultural supplies",
    "88": "Live animals",
    "89": "Subsistence (food)",
    "91": "Fuels, lubricants, oils and waxes",
    "93": "Nonmetallic fabricated materials",
    "94": "Nonmetallic crude materials",
    "95": "Metal bars, sheets and shapes",
    "96": "Ores, minerals and their products",
    "99": "Miscellaneous",
}
"""First two digits of a product's PSC (federal supply group) -> its name."""

DEFAULT_ZONE = "America/New_York"
"""What is assumed where no state is known: SAM.gov's own zone, and most buying offices'."""

_ZONES: dict[str, str] = {
    "America/New_York": "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV AA",
    "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    "America/Denver": "CO ID MT NM UT WY",
    "America/Phoenix": "AZ",
    "America/Los_Angeles": "CA NV OR WA",
    "America/Anchorage": "AK",
    "Pacific/Honolulu": "HI",
    "America/Puerto_Rico": "PR VI",
    "Pacific/Guam": "GU MP",
    "Pacific/Pago_Pago": "AS",
    "Pacific/Majuro": "MH",
    "Pacific/Pohnpei": "FM",
    "Pacific/Palau": "PW",
    "Europe/Berlin": "AE",
    "Asia/Tokyo": "AP",
}
STATE_ZONES: dict[str, str] = {state: zone for zone, states in _ZONES.items() for state in states.split()}
"""State, territory or military region -> IANA zone of most of its offices; AE and AP are where most of theirs are."""


def is_naics(code: str) -> bool:
    """Say whether a code is two to six digits of a known sector."""
    return re.fullmatch(r"\d{2,6}", code) is not None and code[:2] in NAICS_SECTORS


def is_psc(code: str) -> bool:
    """Say whether a code is a service (a category's letter and up to three characters) or a product (two or four digits)."""
    if re.fullmatch(r"\d{2}(\d{2})?", code):
        return code[:2] in PSC_PRODUCTS
    # Lab and IT equipment got codes such as 7A20 in 2020.
    return re.fullmatch(r"[A-Z][0-9A-Z]{0,3}|7[A-Z][0-9A-Z]{0,2}", code) is not None and psc_name(code) is not None


def is_set_aside(code: str) -> bool:
    """Say whether a set-aside code is one that SAM.gov is known to use."""
    return code in SET_ASIDES


def naics_sector(code: str) -> str | None:
    """Name the sector of a NAICS code; None for an unknown one."""
    return NAICS_SECTORS.get(code[:2])


def psc_name(code: str) -> str | None:
    """Name the category of a PSC; None for an unknown one."""
    if code[:1].isdigit():
        return PSC_PRODUCTS.get("70" if re.match(r"7[A-Z]", code) else code[:2])
    return PSC_SERVICES.get(code[:1])
