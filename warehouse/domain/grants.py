"""Grants: what a notice offers (a contract or a grant), and Grants.gov's codes in words.

Codes and words: Grants.gov's schemas of the funding synopsis; Simpler.Grants.gov spells the same ones as words.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

OTHER = "other"
"""Stands for a code that is none of the known ones; what the source wrote is kept beside it (`unknown_codes`)."""


class NoticeKind(StrEnum):
    """What a notice offers."""

    CONTRACT = "contract"
    GRANT = "grant"


ELIGIBILITY: Mapping[str, tuple[str, str]] = {
    "00": ("state_governments", "State governments"),
    "01": ("county_governments", "County governments"),
    "02": ("city_or_township_governments", "City or township governments"),
    "04": ("special_district_governments", "Special district governments"),
    "05": ("independent_school_districts", "Independent school districts"),
    "06": ("public_and_state_institutions_of_higher_education", "Public and state institutions of higher education"),
    "07": ("federally_recognized_native_american_tribal_governments", "Federally recognized tribal governments"),
    "08": ("public_and_indian_housing_authorities", "Public and Indian housing authorities"),
    "11": ("other_native_american_tribal_organizations", "Other Native American tribal organizations"),
    "12": ("nonprofits_non_higher_education_with_501c3", "Nonprofits with 501(c)(3) status, not higher education"),
    "13": (
        "nonprofits_non_higher_education_without_501c3",
        "Nonprofits without 501(c)(3) status, not higher education",
    ),
    "20": ("private_institutions_of_higher_education", "Private institutions of higher education"),
    "21": ("individuals", "Individuals"),
    "22": (
        "for_profit_organizations_other_than_small_businesses",
        "For-profit organizations other than small businesses",
    ),
    "23": ("small_businesses", "Small businesses"),
    "25": ("other", "Others, see the text on eligibility"),
    "99": ("unrestricted", "Unrestricted: anybody"),
}
"""Code of who may apply -> spelling as a word, and words for people."""
OPEN_TO_OTHERS = frozenset({"25", "99"})
"""Codes that shut nobody out: who else may apply stands in the text, or everybody may."""
APPLICANTS: Mapping[str, str] = {word: code for code, (word, _) in ELIGIBILITY.items() if code not in OPEN_TO_OTHERS}
"""What an applicant may be, as a word -> its code."""

FUNDING_CATEGORIES: Mapping[str, tuple[str, str]] = {
    "ACA": ("affordable_care_act", "Affordable Care Act"),
    "AG": ("agriculture", "Agriculture"),
    "AR": ("arts", "Arts"),
    "BC": ("business_and_commerce", "Business and commerce"),
    "CD": ("community_development", "Community development"),
    "CP": ("consumer_protection", "Consumer protection"),
    "DPR": ("disaster_prevention_and_relief", "Disaster prevention and relief"),
    "ED": ("education", "Education"),
    "ELT": ("employment_labor_and_training", "Employment, labor and training"),
    "EN": ("energy", "Energy"),
    "ENV": ("environment", "Environment"),
    "FN": ("food_and_nutrition", "Food and nutrition"),
    "HL": ("health", "Health"),
    "HO": ("housing", "Housing"),
    "HU": ("humanities", "Humanities"),
    "IIJ": ("infrastructure_investment_and_jobs_act", "Infrastructure Investment and Jobs Act"),
    "IS": ("information_and_statistics", "Information and statistics"),
    "ISS": ("income_security_and_social_services", "Income security and social services"),
    "LJL": ("law_justice_and_legal_services", "Law, justice and legal services"),
    "NR": ("natural_resources", "Natural resources"),
    "O": ("other", "Other"),
    "OZ": ("opportunity_zone_benefits", "Opportunity zone benefits"),
    "RA": ("recovery_act", "Recovery Act"),
    "RD": ("regional_development", "Regional development"),
    "ST": (
        "science_technology_and_other_research_and_development",
        "Science, technology and other research and development",
    ),
    "T": ("transportation", "Transportation"),
}
FUNDING_INSTRUMENTS: Mapping[str, tuple[str, str]] = {
    "CA": ("cooperative_agreement", "Cooperative agreement"),
    "G": ("grant", "Grant"),
    "O": ("other", "Other"),
    "PC": ("procurement_contract", "Procurement contract"),
}
_FURTHER_SPELLINGS = {
    # As the service's answers spell them; its schema says "education".
    "nonprofits_non_higher_educating_with_501c3": "12",
    "nonprofits_non_higher_educating_without_501c3": "13",
}


def spellings(codes: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return every spelling of some codes, in lower case, with the code that it means."""
    known = {code.lower(): code for code in codes} | {spelling: code for code, (spelling, _) in codes.items()}
    return known | (_FURTHER_SPELLINGS if codes is ELIGIBILITY else {})


def words_of(codes: Mapping[str, tuple[str, str]], found: Iterable[str]) -> list[str]:
    """Return some codes in words, in their order; a code that is none is named so."""
    return [codes[code][1] if code in codes else "Other, see the notice" for code in found]
